//! Numbers as Terraform has them: whole ones, and binary floating point with 512 bits.
//! <https://developer.hashicorp.com/terraform/language/expressions/types#types> says "both whole numbers and fractional
//! values"; the precision is that of its implementation.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};
use secscan_model::{Location, Node, Scalar, ScalarKind, Value};

use super::decimal::Decimal;

/// How many bits of a number count.
const PRECISION: u64 = 512;

/// Numbers with more than this many bits before or behind the point are not computed with.
const MAX_EXPONENT: i64 = 40_000;

/// A number: whole where it fits.
#[derive(Clone, Debug)]
pub(super) enum Number {
    Int(i64),
    /// Zero with a sign: `0 * -1`. It equals zero, and is written with its sign.
    NegativeZero,
    Big(Big),
}

/// `mantissa * 2^exponent`, with at most [`PRECISION`] bits and an odd mantissa.
#[derive(Clone, Debug)]
pub(super) struct Big {
    mantissa: BigInt,
    exponent: i64,
}

impl Number {
    /// The number that a text spells.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Ok(whole) = text.strip_prefix('+').unwrap_or(text).parse()
            && !text.starts_with("+-")
        {
            return Some(Self::Int(whole).signed(text.starts_with('-')));
        }
        Big::parse(text).map(|big| Self::of(big).signed(text.starts_with('-')))
    }

    /// A number of the machine, if it is one: what prints as the shortest text that means it.
    pub(super) fn from_f64(value: f64) -> Option<Self> {
        if value.is_finite() { Self::parse(&format!("{value}")) } else { None }
    }

    /// The nearest number of the machine.
    pub(super) fn to_f64(&self) -> f64 {
        match self {
            Self::Int(value) => *value as f64,
            Self::NegativeZero => -0.0,
            Self::Big(_) => self.text().parse().unwrap_or(f64::NAN),
        }
    }

    /// The whole number, if it is one that fits.
    pub(super) fn to_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::NegativeZero => Some(0),
            Self::Big(_) => None,
        }
    }

    /// The whole number, if it is one.
    pub(super) fn to_big_int(&self) -> Option<BigInt> {
        match self {
            Self::Int(value) => Some((*value).into()),
            Self::NegativeZero => Some(BigInt::ZERO),
            Self::Big(big) if big.exponent >= 0 => Some(&big.mantissa << big.exponent as u64),
            Self::Big(_) => None,
        }
    }

    /// As Terraform writes it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Int(value) => value.to_string(),
            Self::NegativeZero => "-0".to_owned(),
            Self::Big(big) => big.text(),
        }
    }

    pub(super) fn node(&self, at: Location) -> Node {
        let kind = match self {
            Self::Int(value) => return Node::int(*value, at),
            Self::NegativeZero => ScalarKind::Int(0),
            Self::Big(_) => ScalarKind::Float(self.to_f64()),
        };
        Node::new(Value::Scalar(Scalar { kind, text: self.text().into() }), at)
    }

    /// With a number of digits behind the point.
    pub(super) fn fixed(&self, places: usize) -> String {
        let (sign, digits) = self.digits();
        let wanted = digits.point + places as i64;
        let text = digits.rounded(wanted).text();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let point = if places > 0 { "." } else { "" };
        format!("{sign}{whole}{point}{fraction:0<places$}")
    }

    /// With one digit before the point, a number of digits behind it, and the power of ten; none for as many as it takes.
    pub(super) fn exponential(&self, places: Option<usize>) -> String {
        let (sign, digits) = match places {
            Some(places) => {
                let (sign, digits) = self.digits();
                (sign, digits.rounded(places as i64 + 1))
            }
            None => self.shortest_digits(),
        };
        let places = places.unwrap_or(digits.digits.len().saturating_sub(1));
        let power = if digits.is_zero() { 0 } else { digits.point - 1 };
        let text = String::from_utf8_lossy(&digits.digits).into_owned();
        let (first, rest) = text.split_at(text.len().min(1));
        let point = if places > 0 { "." } else { "" };
        let power_sign = if power < 0 { '-' } else { '+' };
        format!("{sign}{first:0<1}{point}{rest:0<places$}e{power_sign}{:02}", power.abs())
    }

    /// As Go's `%g` has it: with an exponent where the number is large or small.
    pub(super) fn general(&self, places: Option<usize>) -> String {
        let (sign, digits) = match places {
            Some(places) => {
                let (sign, digits) = self.digits();
                (sign, digits.rounded(places.max(1) as i64))
            }
            None => self.shortest_digits(),
        };
        let count = digits.digits.len() as i64;
        let limit = match places {
            Some(places) if places as i64 > count && count >= digits.point => count,
            Some(places) => places.max(1) as i64,
            None => 6,
        };
        let power = digits.point - 1;
        if !digits.is_zero() && (power < -4 || power >= limit) {
            let places = (count - 1).max(0) as usize;
            return self.exponential(Some(places));
        }
        format!("{sign}{}", digits.text())
    }

    /// The sign and the exact digits.
    fn digits(&self) -> (&'static str, Decimal) {
        let sign = if self.is_negative() { "-" } else { "" };
        let big = self.big();
        let magnitude = big.mantissa.magnitude();
        (sign, Decimal::new(magnitude, big.exponent))
    }

    /// The sign and the fewest digits that mean the number.
    fn shortest_digits(&self) -> (&'static str, Decimal) {
        let sign = if self.is_negative() { "-" } else { "" };
        let text = self.text();
        let text = text.trim_start_matches('-');
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let all = [whole, fraction].concat();
        let zeros = all.bytes().take_while(|digit| *digit == b'0').count();
        // One zero is left of zero.
        let zeros = zeros.min(all.len().saturating_sub(1));
        let mut digits = Decimal { digits: all.as_bytes()[zeros..].to_vec(), point: whole.len() as i64 - zeros as i64 };
        digits.trim();
        (sign, digits)
    }

    pub(super) fn is_zero(&self) -> bool {
        matches!(self, Self::Int(0) | Self::NegativeZero)
    }

    /// Whether it is written with a sign.
    pub(super) fn is_negative(&self) -> bool {
        match self {
            Self::Int(value) => *value < 0,
            Self::NegativeZero => true,
            Self::Big(big) => big.mantissa.sign() == Sign::Minus,
        }
    }

    pub(super) fn negated(&self) -> Self {
        match self {
            Self::Int(0) => Self::NegativeZero,
            Self::Int(value) => value.checked_neg().map_or_else(|| Self::of(self.big().negated()), Self::Int),
            Self::NegativeZero => Self::Int(0),
            Self::Big(big) => Self::of(big.negated()),
        }
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) if a.checked_add(*b).is_some() => Self::Int(a + b),
            (Self::NegativeZero, Self::NegativeZero) => Self::NegativeZero,
            _ => Self::of(self.big().plus(&other.big())),
        }
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        self.plus(&other.negated())
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        let product = match (self, other) {
            (Self::Int(a), Self::Int(b)) if a.checked_mul(*b).is_some() => Self::Int(a * b),
            _ => {
                let (a, b) = (self.big(), other.big());
                Self::of(Big::new(a.mantissa * b.mantissa, a.exponent + b.exponent))
            }
        };
        product.signed(self.is_negative() != other.is_negative())
    }

    /// The quotient; the divisor must not be zero.
    pub(super) fn divided_by(&self, other: &Self) -> Self {
        let quotient = match (self, other) {
            (_, Self::Int(0) | Self::NegativeZero) => Self::Int(0),
            (Self::Int(a), Self::Int(b)) if a.checked_rem(*b) == Some(0) => Self::Int(a / b),
            _ => Self::of(self.big().divided_by(&other.big())),
        };
        quotient.signed(self.is_negative() != other.is_negative())
    }

    /// What is left of a division towards zero; all of it when the divisor is zero.
    pub(super) fn modulo(&self, other: &Self) -> Self {
        match (self, other) {
            (_, Self::Int(0) | Self::NegativeZero) | (Self::NegativeZero, _) => self.clone(),
            (Self::Int(a), Self::Int(b)) => Self::Int(a.checked_rem(*b).unwrap_or(0)),
            _ => self.minus(&self.divided_by(other).truncated().times(other)),
        }
    }

    /// Without what is behind the point.
    pub(super) fn truncated(&self) -> Self {
        match self {
            Self::Big(big) if big.exponent < 0 => {
                let whole = big.mantissa.magnitude() >> big.exponent.unsigned_abs();
                Self::of(Big::new(BigInt::from_biguint(big.mantissa.sign(), whole), 0))
            }
            Self::NegativeZero => Self::Int(0),
            _ => self.clone(),
        }
    }

    pub(super) fn floor(&self) -> Self {
        let whole = self.truncated();
        if self.is_negative() && whole.compare(self) != Ordering::Equal { whole.minus(&Self::Int(1)) } else { whole }
    }

    pub(super) fn ceiling(&self) -> Self {
        let whole = self.truncated();
        if !self.is_negative() && whole.compare(self) != Ordering::Equal { whole.plus(&Self::Int(1)) } else { whole }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            _ => self.big().minus_exactly(&other.big()).sign().cmp(&Sign::NoSign),
        }
    }

    fn big(&self) -> Big {
        match self {
            Self::Int(value) => Big::new((*value).into(), 0),
            Self::NegativeZero => Big::new(BigInt::ZERO, 0),
            Self::Big(big) => big.clone(),
        }
    }

    /// The number itself; of zero, the one with this sign.
    fn signed(self, negative: bool) -> Self {
        match self {
            Self::Int(0) if negative => Self::NegativeZero,
            number => number,
        }
    }

    fn of(big: Big) -> Self {
        let whole = if (0..64).contains(&big.exponent) { Some(&big.mantissa << big.exponent as u64) } else { None };
        match whole.and_then(|whole| i64::try_from(whole).ok()) {
            Some(whole) => Self::Int(whole),
            None if big.mantissa.sign() == Sign::NoSign => Self::Int(0),
            None => Self::Big(big),
        }
    }
}

impl From<BigInt> for Number {
    fn from(value: BigInt) -> Self {
        Self::of(Big::new(value, 0))
    }
}

impl Big {
    /// Rounds to the nearest, and of two equally near ones to the even one.
    fn new(mantissa: BigInt, exponent: i64) -> Self {
        let (sign, mut magnitude) = mantissa.into_parts();
        let mut exponent = exponent;
        let excess = magnitude.bits().saturating_sub(PRECISION);
        if excess > 0 {
            let half = magnitude.bit(excess - 1);
            let more = magnitude.trailing_zeros().is_some_and(|zeros| zeros < excess - 1);
            magnitude >>= excess;
            exponent += excess as i64;
            if half && (more || magnitude.bit(0)) {
                magnitude += 1u32;
            }
        }
        if let Some(zeros) = magnitude.trailing_zeros() {
            magnitude >>= zeros;
            exponent += zeros as i64;
        }
        if magnitude.bits() == 0 {
            exponent = 0;
        }
        Self { mantissa: BigInt::from_biguint(sign, magnitude), exponent }
    }

    fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (digits, power) = match rest.split_once(['e', 'E']) {
            Some((digits, power)) => (digits, power.parse::<i64>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all: String = [whole, fraction].concat();
        if all.is_empty() || all.len() > 4_000 || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let power = power.checked_sub(fraction.len() as i64)?;
        if power.abs() > MAX_EXPONENT / 4 {
            return None;
        }
        let digits: BigInt = all.parse().ok()?;
        let digits = if negative { -digits } else { digits };
        let ten = |power: u64| BigInt::from(10u32).pow(power as u32);
        Some(if power >= 0 {
            Self::new(digits * ten(power.unsigned_abs()), 0)
        } else {
            quotient(&digits, &ten(power.unsigned_abs()), 0)
        })
    }

    fn negated(&self) -> Self {
        Self { mantissa: -&self.mantissa, exponent: self.exponent }
    }

    fn plus(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        Self::new(self.shifted(exponent) + other.shifted(exponent), exponent)
    }

    fn minus_exactly(&self, other: &Self) -> BigInt {
        let exponent = self.exponent.min(other.exponent);
        self.shifted(exponent) - other.shifted(exponent)
    }

    /// The mantissa for a smaller exponent.
    fn shifted(&self, exponent: i64) -> BigInt {
        &self.mantissa << (self.exponent - exponent).clamp(0, 8 * MAX_EXPONENT) as u64
    }

    fn divided_by(&self, other: &Self) -> Self {
        quotient(&self.mantissa, &other.mantissa, self.exponent - other.exponent)
    }

    /// The shortest text that no other number of this precision is nearer to.
    fn text(&self) -> String {
        let magnitude = self.mantissa.magnitude();
        let sign = if self.mantissa.sign() == Sign::Minus { "-" } else { "" };
        if self.exponent >= 0 && magnitude.bits() + self.exponent.unsigned_abs() <= PRECISION {
            return format!("{sign}{}", magnitude << self.exponent.unsigned_abs());
        }
        // One bit more than there is: the last one stands for half of the distance to the next number.
        let shift = PRECISION + 1 - magnitude.bits().min(PRECISION);
        let middle = magnitude << shift;
        let exponent = self.exponent - shift as i64;
        let [digits, lower, upper] =
            [middle.clone(), &middle - 1u32, &middle + 1u32].map(|bound| Decimal::new(&bound, exponent));
        format!("{sign}{}", digits.shortest(&lower, &upper, !middle.bit(1)).text())
    }
}

/// `dividend / divisor * 2^exponent`, rounded.
fn quotient(dividend: &BigInt, divisor: &BigInt, exponent: i64) -> Big {
    let missing = (PRECISION + 2 + divisor.bits()).saturating_sub(dividend.bits());
    let scaled: BigInt = dividend << missing;
    let mut whole: BigInt = &scaled / divisor;
    let exact = &whole * divisor == scaled;
    whole <<= 1u32;
    if !exact {
        // What is cut off is told by one more bit, so that rounding comes out right.
        whole += if whole.sign() == Sign::Minus { -1 } else { 1 };
        if whole.sign() == Sign::NoSign {
            whole = BigInt::from(1);
        }
    }
    Big::new(whole, exponent - missing as i64 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap_or_else(|| panic!("{text} is no number"))
    }

    #[test]
    fn numbers_print_as_they_were_written_but_shorter() {
        for (written, printed) in [
            ("0", "0"),
            ("-0", "-0"),
            ("-0.00", "-0"),
            ("1.50", "1.5"),
            ("0.1", "0.1"),
            ("1e3", "1000"),
            ("-2.5e-3", "-0.0025"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("9.99", "9.99"),
            (".5", "0.5"),
            ("1e200", &format!("1{}", "0".repeat(200))),
        ] {
            assert_eq!(number(written).text(), printed);
        }
        for wrong in ["", "-", "x", "1x", "0x1F", "1_000", "1e", "e1", "+-1", "inf", "1e999999999"] {
            assert!(Number::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn arithmetic_rounds_to_512_bits() {
        assert_eq!(number("0.1").plus(&number("0.2")).text(), "0.3");
        let third = number("1").divided_by(&number("3")).text();
        assert_eq!(third, format!("0.{}5", "3".repeat(154)));
        assert_eq!(number("1").divided_by(&number("3")).times(&number("3")).text(), "1");
        assert_eq!(number("-7.5").modulo(&number("2")).text(), "-1.5");
        assert_eq!(number("-0.5").floor().text(), "-1");
        assert_eq!(number("-0.5").ceiling().text(), "0");
        assert_eq!(number("0").times(&number("-1")).text(), "-0");
        assert_eq!(number("0").times(&number("-1")).plus(&number("0")).text(), "0");
        assert!(number("-0").compare(&number("0")).is_eq());
        assert_eq!(number("9223372036854775807").plus(&number("1")).text(), "9223372036854775808");
        assert_eq!(number("9223372036854775808").minus(&number("1")).to_int(), Some(i64::MAX));
    }
}
