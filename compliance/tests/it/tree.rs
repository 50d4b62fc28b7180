//! RFC 6962: published vectors, and what must hold for any tree.

use compliance::audit::tree::{
    Frontier, Hash, consistency_proof, inclusion_proof, leaf_hash, node_hash, root,
    verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

fn hash(hex_text: &str) -> Hash {
    hex::decode(hex_text).unwrap().try_into().unwrap()
}

/// The eight leaves that the Certificate Transparency implementations test with.
fn known_leaves() -> Vec<Hash> {
    [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    .iter()
    .map(|leaf| leaf_hash(&hex::decode(leaf).unwrap()))
    .collect()
}

#[test]
fn roots_are_those_of_the_certificate_transparency_vectors() {
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let leaves = known_leaves();
    for (size, wanted) in roots.iter().enumerate() {
        assert_eq!(root(&leaves[..size]), hash(wanted), "size {size}");
    }
}

#[test]
fn proofs_are_those_of_the_certificate_transparency_vectors() {
    let leaves = known_leaves();
    assert_eq!(
        inclusion_proof(&leaves, 0).unwrap(),
        [
            hash("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"),
            hash("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
            hash("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"),
        ]
    );
    assert_eq!(
        consistency_proof(&leaves, 6).unwrap(),
        [
            hash("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"),
            hash("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
            hash("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        ]
    );
}

/// RFC 6962, section 2.1, word for word: the slow and obvious definition.
fn root_by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => root(&[]),
        [one] => *one,
        more => {
            let mut split = 1;
            while split * 2 < more.len() {
                split *= 2;
            }
            node_hash(
                &root_by_definition(&more[..split]),
                &root_by_definition(&more[split..]),
            )
        }
    }
}

fn some_leaves(count: usize) -> Vec<Hash> {
    (0..count)
        .map(|index| leaf_hash(&index.to_be_bytes()))
        .collect()
}

#[test]
fn every_proof_of_every_small_tree_verifies_and_nothing_else_does() {
    for size in 1..=40 {
        let leaves = some_leaves(size);
        let tree_root = root(&leaves);
        assert_eq!(tree_root, root_by_definition(&leaves));
        for index in 0..size {
            let path = inclusion_proof(&leaves, index).unwrap();
            let holds = |index: usize, size: usize, path: &[Hash]| {
                verify_inclusion(leaves[index], index as u64, size as u64, path, &tree_root)
            };
            assert!(holds(index, size, &path));
            assert!(
                !holds(index, size, &[path.clone(), vec![tree_root]].concat()),
                "one hash too many"
            );
            assert!(
                path.is_empty() || !holds(index, size, &path[1..]),
                "one hash too few"
            );
            assert!(
                !verify_inclusion(leaves[index], size as u64, size as u64, &path, &tree_root),
                "index = size"
            );
            assert!(
                !verify_inclusion(leaves[index], index as u64, 0, &path, &tree_root),
                "size 0"
            );
        }
        for old in 1..=size {
            let (old_root, path) = (
                root(&leaves[..old]),
                consistency_proof(&leaves, old).unwrap(),
            );
            let holds = |path: &[Hash]| {
                verify_consistency(old as u64, size as u64, &old_root, &tree_root, path)
            };
            assert!(holds(&path), "{old} of {size}");
            assert!(
                !holds(&[path.clone(), vec![tree_root]].concat()),
                "one hash too many"
            );
            assert!(
                path.is_empty() || !holds(&path[..path.len() - 1]),
                "one hash too few"
            );
            assert!(
                path.is_empty() || !holds(&path[1..]),
                "without the first hash"
            );
        }
        assert!(
            inclusion_proof(&leaves, size).is_none()
                && consistency_proof(&leaves, size + 1).is_none()
        );
        assert!(
            consistency_proof(&leaves, 0).is_none()
                && !verify_consistency(0, 1, &tree_root, &tree_root, &[])
        );
    }
}

proptest! {
    #[test]
    fn a_frontier_grows_to_the_same_root_as_the_definition(size in 0_usize..300) {
        let leaves = some_leaves(size);
        let mut frontier = Frontier::default();
        for leaf in &leaves {
            frontier.push(*leaf);
        }
        prop_assert_eq!(frontier.size(), size as u64);
        prop_assert_eq!(frontier.root(), root_by_definition(&leaves));
    }

    #[test]
    fn one_changed_bit_anywhere_breaks_a_proof(size in 2_usize..200, at in any::<prop::sample::Index>(), bit in 0_usize..256) {
        let leaves = some_leaves(size);
        let tree_root = root(&leaves);
        let index = at.index(size);
        let mut path = inclusion_proof(&leaves, index).unwrap();
        let changed = at.index(path.len());
        path[changed][bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!verify_inclusion(leaves[index], index as u64, size as u64, &path, &tree_root));

        let old = 1 + at.index(size - 1);
        let mut path = consistency_proof(&leaves, old).unwrap();
        let changed = at.index(path.len());
        path[changed][bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!verify_consistency(old as u64, size as u64, &root(&leaves[..old]), &tree_root, &path));
    }

    #[test]
    fn a_rewritten_history_is_not_consistent(size in 2_usize..100, at in any::<prop::sample::Index>()) {
        let leaves = some_leaves(size);
        let old = 1 + at.index(size - 1);
        let mut rewritten = leaves.clone();
        rewritten[at.index(old)] = leaf_hash(b"another event");
        let path = consistency_proof(&rewritten, old).unwrap();
        prop_assert!(!verify_consistency(old as u64, size as u64, &root(&leaves[..old]), &root(&rewritten), &path));
    }
}
