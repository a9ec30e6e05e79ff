//! Numbers to digits and back, eight octets at a time.
//!
//! Each message of a run prints a serial and an id and reads some: digit by digit that would cost
//! more than all the rest of it. A word holds eight digits, which are spread and mended at once.

/// Sixteen hexadecimal digits, eight at a time: the octets of a word are spread and mended in
/// one go each, for a table look-up a digit would cost more than the rest of a message.
#[inline]
#[must_use]
pub fn hex16(value: u64) -> [u8; 16] {
    let halves = [hex8((value >> 32) as u32), hex8(value as u32)];
    let mut digits = [0; 16];
    digits[..8].copy_from_slice(&halves[0].to_be_bytes());
    digits[8..].copy_from_slice(&halves[1].to_be_bytes());
    digits
}

/// The value of sixteen hexadecimal digits in either case.
#[inline]
#[must_use]
pub fn read_hex16(digits: &[u8; 16]) -> Option<u64> {
    let word = u128::from_be_bytes(*digits);
    let high = read_hex8((word >> 64) as u64)?;
    let low = read_hex8(word as u64)?;
    Some(u64::from(high) << 32 | u64::from(low))
}

const ONES: u64 = 0x0101_0101_0101_0101;

#[inline]
fn hex8(value: u32) -> u64 {
    // Each step parts what is left into twice as many fields, until each octet has one digit.
    let mut word = u64::from(value);
    word = (word | word << 16) & 0x0000_ffff_0000_ffff;
    word = (word | word << 8) & 0x00ff_00ff_00ff_00ff;
    word = (word | word << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    // Six more than ten and above carries into the upper half of its octet.
    let letters = (word + 6 * ONES) >> 4 & ONES;
    word + u64::from(b'0') * ONES + letters * u64::from(b'a' - b'0' - 10)
}

#[inline]
fn read_hex8(digits: u64) -> Option<u32> {
    let letters = digits >> 6 & ONES;
    let lower = digits | (0x20 * letters);
    let mut word = (lower & (0x0f * ONES)).wrapping_add(9 * letters) & (0x0f * ONES);
    word = (word | word >> 4) & 0x00ff_00ff_00ff_00ff;
    word = (word | word >> 8) & 0x0000_ffff_0000_ffff;
    let value = (word | word >> 16) as u32;
    // Anything that is no digit comes out as another one.
    (hex8(value) == lower && digits & (0x80 * ONES) == 0).then_some(value)
}

/// Eight decimal digits of a number below 10^8.
#[inline]
#[must_use]
pub fn decimal8(value: u32) -> [u8; 8] {
    let value = u64::from(value % 100_000_000);
    // Halves of four digits, then quarters of two, then digits; the multiplications are divisions
    // by 100 and by 10 that are exact for what can stand here.
    let halves = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = (halves * 10_486) >> 20 & 0x0000_007f_0000_007f;
    let pairs = hundreds | (halves - 100 * hundreds) << 16;
    let tens = (pairs * 103) >> 10 & 0x000f_000f_000f_000f;
    let digits = tens | (pairs - 10 * tens) << 8;
    (digits + u64::from(b'0') * ONES).to_le_bytes()
}

/// A number in decimal digits without leading zeros, at the end of twenty-four octets; and where
/// it begins.
#[inline]
#[must_use]
pub fn decimal(value: u64) -> ([u8; 24], usize) {
    const STEP: u64 = 100_000_000;
    let mut digits = [b'0'; 24];
    digits[16..].copy_from_slice(&decimal8((value % STEP) as u32));
    if value >= STEP {
        digits[8..16].copy_from_slice(&decimal8((value / STEP % STEP) as u32));
    }
    if value >= STEP * STEP {
        digits[..8].copy_from_slice(&decimal8((value / STEP / STEP) as u32));
    }
    let zeros = digits.iter().take(23).take_while(|&&digit| digit == b'0').count();
    (digits, zeros)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn decimal_digits_are_those_of_the_number(value: u64, shift in 0_u32..64) {
            let value = value >> shift;
            let (digits, start) = decimal(value);
            prop_assert_eq!(digits[start..].to_vec(), value.to_string().into_bytes());
            let small = (value % 100_000_000) as u32;
            prop_assert_eq!(decimal8(small).to_vec(), format!("{small:08}").into_bytes());
        }

        #[test]
        fn hexadecimal_digits_are_those_of_the_number(value: u64) {
            prop_assert_eq!(hex16(value).to_vec(), format!("{value:016x}").into_bytes());
            prop_assert_eq!(read_hex16(&hex16(value)), Some(value));
        }
    }
}
