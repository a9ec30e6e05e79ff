//! e to the power of x, the same on every machine: what the system's library gives differs in the
//! last bit from one to the next, and a model must not.

/// e^x for x up to 80; below -80 it is that of -80. At most twelve millionths off.
#[inline]
pub(super) fn exp(x: f32) -> f32 {
    let power = x.clamp(-80.0, 80.0) * std::f32::consts::LOG2_E;
    // Adding and taking away 1.5 * 2^23 rounds to an integer without a call.
    const ROUND: f32 = 12_582_912.0;
    let whole = (power + ROUND) - ROUND;
    let rest = power - whole;
    // 2^rest between -1/2 and 1/2, by the series of e^(rest * ln 2).
    let series = 1.333_355_8e-3_f32;
    let series = series * rest + 9.618_13e-3;
    let series = series * rest + 5.550_411e-2;
    let series = series * rest + 0.240_226_5;
    let series = series * rest + std::f32::consts::LN_2;
    let series = series * rest + 1.0;
    // The exponent lies within -116..=116, so the sum is one of a normal number.
    let scale = f32::from_bits(((whole as i32 + 127) as u32) << 23);
    series * scale
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn it_is_what_the_library_says_within_its_bound() {
        for thousandth in -79_000..79_000_i32 {
            let x = thousandth as f32 / 1_000.0;
            let (ours, theirs) = (f64::from(exp(x)), f64::from(x).exp());
            assert!((ours / theirs - 1.0).abs() < 1.2e-5, "{x}: {ours} {theirs}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-1e9) > 0.0 && exp(1e9).is_finite());
    }
}
