//! How fast a figure grows: the line of least squares. Pure.

/// Growth per unit of the first figure; `None` when fewer than two distinct moments were seen.
pub(crate) fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let n = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / n;
    let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let together: f64 = points
        .iter()
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum();
    (spread > 0.0).then(|| together / spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_slope_and_noise_around_it_does_not_change_it() {
        let line: Vec<(f64, f64)> = (0..100_u32)
            .map(|x| {
                (
                    f64::from(x),
                    3.0 * f64::from(x) + if x % 2 == 0 { 5.0 } else { -5.0 },
                )
            })
            .collect();
        let found = slope(&line).unwrap();
        assert!((found - 3.0).abs() < 0.02, "{found}");
    }

    #[test]
    fn one_moment_has_no_slope() {
        assert_eq!(slope(&[]), None);
        assert_eq!(slope(&[(1.0, 2.0), (1.0, 3.0)]), None);
    }
}
