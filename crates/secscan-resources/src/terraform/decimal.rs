//! Decimal fractions: how binary numbers are written, as Go writes them.

use num_bigint::BigUint;

/// A decimal fraction: `0.DIGITS * 10^point`.
pub(super) struct Decimal {
    /// The digits as ASCII, without zeros at the end.
    pub digits: Vec<u8>,
    pub point: i64,
}

impl Decimal {
    /// `mantissa * 2^exponent`, exactly.
    pub(super) fn new(mantissa: &BigUint, exponent: i64) -> Self {
        if exponent >= 0 {
            return Self::whole(&(mantissa << exponent.unsigned_abs()));
        }
        let places = exponent.unsigned_abs();
        let scaled = mantissa * BigUint::from(5u32).pow(places as u32);
        let whole = Self::whole(&scaled);
        Self { point: whole.point - places as i64, ..whole }
    }

    /// A whole number.
    fn whole(number: &BigUint) -> Self {
        let digits = number.to_string().into_bytes();
        let mut whole = Self { point: digits.len() as i64, digits };
        whole.trim();
        whole
    }

    pub(super) fn is_zero(&self) -> bool {
        self.digits.iter().all(|digit| *digit == b'0')
    }

    pub(super) fn trim(&mut self) {
        while self.digits.len() > 1 && self.digits.last() == Some(&b'0') {
            self.digits.pop();
        }
    }

    /// The nearest number of so many digits.
    pub(super) fn rounded(self, count: i64) -> Self {
        let Ok(index) = usize::try_from(count) else { return Self { digits: vec![b'0'], point: 1 } };
        if index >= self.digits.len() {
            return self;
        }
        let next = self.at(index);
        let halfway = next == b'5' && index + 1 == self.digits.len();
        let round_up = if halfway { index > 0 && self.at(index - 1) % 2 == 1 } else { next >= b'5' };
        if index == 0 {
            let point = if round_up { self.point + 1 } else { 1 };
            return Self { digits: vec![if round_up { b'1' } else { b'0' }], point };
        }
        self.cut(index, round_up)
    }

    fn at(&self, index: usize) -> u8 {
        self.digits.get(index).copied().unwrap_or(b'0')
    }

    /// The fewest digits that lie between the bounds.
    pub(super) fn shortest(self, lower: &Self, upper: &Self, inclusive: bool) -> Self {
        for index in 0..self.digits.len() {
            let (digit, below, above) = (self.at(index), lower.at(index), upper.at(index));
            let down = below != digit || (inclusive && index + 1 == lower.digits.len());
            let up = digit != above && (inclusive || digit + 1 < above || index + 1 < upper.digits.len());
            if down && up {
                let next = self.at(index + 1);
                let halfway = next == b'5' && index + 2 == self.digits.len();
                let round_up = if halfway { (digit - b'0') % 2 == 1 } else { next >= b'5' };
                return self.cut(index + 1, round_up);
            }
            if down || up {
                return self.cut(index + 1, up);
            }
        }
        self
    }

    fn cut(mut self, count: usize, round_up: bool) -> Self {
        self.digits.truncate(count);
        if round_up {
            while let Some(last) = self.digits.pop() {
                if last < b'9' {
                    self.digits.push(last + 1);
                    break;
                }
            }
            if self.digits.is_empty() {
                self.digits.push(b'1');
                self.point += 1;
            }
        }
        self.trim();
        self
    }

    pub(super) fn text(&self) -> String {
        let digits = String::from_utf8_lossy(&self.digits);
        let length = digits.len() as i64;
        if self.point <= 0 {
            format!("0.{}{digits}", "0".repeat(self.point.unsigned_abs() as usize))
        } else if self.point >= length {
            format!("{digits}{}", "0".repeat((self.point - length) as usize))
        } else {
            let (whole, fraction) = digits.split_at(self.point as usize);
            format!("{whole}.{fraction}")
        }
    }
}
