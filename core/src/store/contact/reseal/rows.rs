//! The statements of a page, one kind of row each. All take the next rows, in order, of which the record that leaves is
//! not the holder, and return how many they were.

use compliance::Place;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Blob, Cursor, PAGE, Sealing};
use crate::model::ActorKind;
use crate::store::Error;

impl Sealing<'_> {
    pub(super) async fn messages(
        &self,
        conn: &mut PgConnection,
        after: &mut Cursor,
    ) -> Result<usize, Error> {
        let rows = sqlx::query!(
            r#"
            select m.seq, m.id, m.subject_id, m.sealed as "sealed!"
            from message m
            join subject s on s.id = m.subject_id
            where m.conversation_id = $1
              and m.seq > $2
              and m.sealed is not null
              and m.subject_id <> all($3)
              and s.shredded_at is null
            order by m.seq
            limit $4
            "#,
            self.case,
            after.message,
            self.own,
            PAGE,
        )
        .fetch_all(&mut *conn)
        .await?;
        let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
        let blobs: Vec<Blob> = rows
            .into_iter()
            .map(|row| Blob {
                place: Place::message(row.id),
                subject_id: row.subject_id,
                sealed: row.sealed,
            })
            .collect();
        let Some(last) = seqs.last() else {
            return Ok(0);
        };
        after.message = *last;
        let sealed = self.anew(&mut *conn, &blobs, after).await?;
        sqlx::query!(
            r#"
            update message m
            set sealed = anew.sealed, subject_id = $4
            from unnest($2::bigint[], $3::bytea[]) as anew (seq, sealed)
            where m.conversation_id = $1 and m.seq = anew.seq and anew.sealed is not null
            "#,
            self.case,
            &seqs,
            &sealed as &[Option<Vec<u8>>],
            self.who.subject_id.0,
        )
        .execute(conn)
        .await?;
        Ok(seqs.len())
    }

    pub(super) async fn versions(
        &self,
        conn: &mut PgConnection,
        after: &mut Cursor,
    ) -> Result<usize, Error> {
        let rows = sqlx::query!(
            r#"
            select v.seq, v.version, v.subject_id, v.sealed as "sealed!"
            from message_version v
            join subject s on s.id = v.subject_id
            where v.conversation_id = $1
              and (v.seq, v.version) > ($2, $3)
              and v.sealed is not null
              and v.subject_id <> all($4)
              and s.shredded_at is null
            order by v.seq, v.version
            limit $5
            "#,
            self.case,
            after.version.0,
            after.version.1,
            self.own,
            PAGE,
        )
        .fetch_all(&mut *conn)
        .await?;
        let (seqs, versions): (Vec<i64>, Vec<i32>) =
            rows.iter().map(|row| (row.seq, row.version)).unzip();
        let blobs: Vec<Blob> = rows
            .into_iter()
            .map(|row| Blob {
                place: Place::message_version(self.case, row.seq, row.version),
                subject_id: row.subject_id,
                sealed: row.sealed,
            })
            .collect();
        let (Some(seq), Some(version)) = (seqs.last(), versions.last()) else {
            return Ok(0);
        };
        after.version = (*seq, *version);
        let sealed = self.anew(&mut *conn, &blobs, after).await?;
        sqlx::query!(
            r#"
            update message_version v
            set sealed = anew.sealed, subject_id = $5
            from unnest($2::bigint[], $3::integer[], $4::bytea[]) as anew (seq, version, sealed)
            where v.conversation_id = $1
              and v.seq = anew.seq
              and v.version = anew.version
              and anew.sealed is not null
            "#,
            self.case,
            &seqs,
            &versions,
            &sealed as &[Option<Vec<u8>>],
            self.who.subject_id.0,
        )
        .execute(conn)
        .await?;
        Ok(seqs.len())
    }

    /// An item has a reaction per author: a handful, never cut between two pages.
    pub(super) async fn reactions(
        &self,
        conn: &mut PgConnection,
        after: &mut Cursor,
    ) -> Result<usize, Error> {
        let rows = sqlx::query!(
            r#"
            select r.seq, r.author_kind as "author_kind: ActorKind", r.author_id, r.subject_id, r.sealed as "sealed!"
            from reaction r
            join subject s on s.id = r.subject_id
            where r.conversation_id = $1
              and r.seq > $2
              and r.sealed is not null
              and r.subject_id <> all($3)
              and s.shredded_at is null
            order by r.seq
            fetch first $4 rows with ties
            "#,
            self.case,
            after.reaction,
            self.own,
            PAGE,
        )
        .fetch_all(&mut *conn)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(0);
        };
        after.reaction = last.seq;
        let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
        let kinds: Vec<ActorKind> = rows.iter().map(|row| row.author_kind).collect();
        let authors: Vec<Uuid> = rows.iter().map(|row| row.author_id).collect();
        let blobs: Vec<Blob> = rows
            .into_iter()
            .map(|row| Blob {
                place: Place::reaction(self.case, row.seq, row.author_id),
                subject_id: row.subject_id,
                sealed: row.sealed,
            })
            .collect();
        let sealed = self.anew(&mut *conn, &blobs, after).await?;
        sqlx::query!(
            r#"
            update reaction r
            set sealed = anew.sealed, subject_id = $6
            from unnest($2::bigint[], $3::actor_kind[], $4::uuid[], $5::bytea[]) as anew (seq, kind, author_id, sealed)
            where r.conversation_id = $1
              and r.seq = anew.seq
              and r.author_kind = anew.kind
              and r.author_id = anew.author_id
              and anew.sealed is not null
            "#,
            self.case,
            &seqs,
            &kinds as &[ActorKind],
            &authors,
            &sealed as &[Option<Vec<u8>>],
            self.who.subject_id.0,
        )
        .execute(conn)
        .await?;
        Ok(seqs.len())
    }

    /// Two blobs a row. Rows are held: what Meta calls a file is noted without holding its case.
    pub(super) async fn files(
        &self,
        conn: &mut PgConnection,
        after: &mut Cursor,
    ) -> Result<usize, Error> {
        let rows = sqlx::query!(
            r#"
            select f.id, f.subject_id, f.sealed, f.sealed_result
            from media f
            join subject s on s.id = f.subject_id
            where f.conversation_id = $1
              and f.id > $2
              and f.subject_id <> all($3)
              and s.shredded_at is null
            order by f.id
            limit $4
            for update of f
            "#,
            self.case,
            after.media,
            self.own,
            PAGE,
        )
        .fetch_all(&mut *conn)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(0);
        };
        after.media = last.id;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let (mut announced, mut results) = (Column::default(), Column::default());
        let mut blobs = Vec::with_capacity(2 * rows.len());
        for row in rows {
            let (id, subject) = (row.id, row.subject_id);
            announced.add(&mut blobs, (Place::media(id), subject), row.sealed);
            results.add(
                &mut blobs,
                (Place::media_result(id), subject),
                row.sealed_result,
            );
        }
        let sealed = self.anew(&mut *conn, &blobs, after).await?;
        // Half a file is none: where one of the two does not open, both stay.
        let whole: Vec<bool> = announced
            .opens(&sealed)
            .zip(results.opens(&sealed))
            .map(|(one, other)| one && other)
            .collect();
        sqlx::query!(
            r#"
            update media f
            set sealed = anew.sealed, sealed_result = anew.result, subject_id = $5
            from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::boolean[]) as anew (id, sealed, result, is_whole)
            where f.id = anew.id and anew.is_whole
            "#,
            &ids,
            &announced.of(&sealed) as &[Option<Vec<u8>>],
            &results.of(&sealed) as &[Option<Vec<u8>>],
            &whole,
            self.who.subject_id.0,
        )
        .execute(conn)
        .await?;
        Ok(ids.len())
    }
}

/// A column of sealed values, some absent, among blobs of several columns.
#[derive(Default)]
struct Column(Vec<Option<usize>>);

impl Column {
    fn add(
        &mut self,
        blobs: &mut Vec<Blob>,
        (place, subject_id): (Place, Uuid),
        sealed: Option<Vec<u8>>,
    ) {
        self.0.push(sealed.as_ref().map(|_| blobs.len()));
        blobs.extend(sealed.map(|sealed| Blob {
            place,
            subject_id,
            sealed,
        }));
    }

    /// The column again, of blobs that were sealed anew.
    fn of(&self, sealed: &[Option<Vec<u8>>]) -> Vec<Option<Vec<u8>>> {
        let blob = |at: &Option<usize>| at.and_then(|at| sealed[at].clone());
        self.0.iter().map(blob).collect()
    }

    /// Row by row: whether it is absent or was sealed anew.
    fn opens<'a>(&'a self, sealed: &'a [Option<Vec<u8>>]) -> impl Iterator<Item = bool> + 'a {
        self.0
            .iter()
            .map(|at| at.is_none_or(|at| sealed[at].is_some()))
    }
}
