//! Formats as Go's `fmt` reads them: `printf`.

use std::rc::Rc;

use super::print::{MAX_PRINT, exponent, float, in_go, print, quoted};
use super::text::{Builder, Origin, Text};
use super::value::{Data, Value};

/// What a format and its values mean.
pub(super) fn format(format: &Text, values: &[Value]) -> Text {
    let source = format.as_str();
    let mut text = Builder::default();
    let mut operands = Operands { values, next: 0, is_reordered: false, is_bad: false };
    let mut at = 0;
    while let Some(offset) = source[at..].find('%') {
        text.push(&format.slice(at..at + offset), None);
        at += offset + 1;
        let mut rest = &source[at..];
        let directive = Directive::read(&mut rest, &mut operands, &mut text);
        at = source.len() - rest.len();
        let Some(verb) = rest.chars().next() else {
            text.push_str("%!(NOVERB)", &Origin::default());
            break;
        };
        at += verb.len_utf8();
        match (verb, operands.values.get(operands.next)) {
            ('%', _) => text.push_str("%", &Origin::default()),
            _ if operands.is_bad => text.push_str(&format!("%!{verb}(BADINDEX)"), &Origin::default()),
            (_, None) => text.push_str(&format!("%!{verb}(MISSING)"), &Origin::default()),
            (_, Some(value)) => {
                operands.next += 1;
                directive.push(value, verb, &mut text);
            }
        }
    }
    text.push(&format.slice(at..source.len()), None);
    let rest: Vec<_> = operands.left().iter().map(typed).collect();
    if !rest.is_empty() {
        text.push_str(&format!("%!(EXTRA {})", rest.join(", ")), &Origin::default());
    }
    text.finish()
}

/// A value with its type, as complaints show it.
fn typed(value: &Value) -> String {
    if value.is_nil() { print(value) } else { format!("{}={}", value.type_name(), print(value)) }
}

/// The values of a format, and which comes next.
struct Operands<'v> {
    values: &'v [Value],
    next: usize,
    /// Whether any directive chose its value itself: then none is too many.
    is_reordered: bool,
    /// Whether the directive that is being read chose a value that is not there.
    is_bad: bool,
}

impl Operands<'_> {
    /// `[2]`: which value comes next. Whether that stood there.
    fn choose(&mut self, rest: &mut &str) -> bool {
        let Some(inner) = rest.strip_prefix('[') else { return false };
        self.is_reordered = true;
        let Some((number, after)) = inner.split_once(']') else {
            (self.is_bad, *rest) = (true, inner);
            return false;
        };
        *rest = after;
        match number.parse::<usize>() {
            Ok(number) if (1..=self.values.len()).contains(&number) => self.next = number - 1,
            _ => self.is_bad = true,
        }
        true
    }

    /// The number that `*` stands for.
    fn number(&mut self) -> Option<i64> {
        let value = self.values.get(self.next)?;
        self.next += 1;
        match value.data {
            Data::Int(number) if number.unsigned_abs() <= MAX_WIDTH as u64 => Some(number),
            _ => None,
        }
    }

    fn left(&self) -> &[Value] {
        if self.is_reordered { &[] } else { self.values.get(self.next..).unwrap_or_default() }
    }
}

/// The widest that a value is made.
const MAX_WIDTH: usize = 10_000;

/// How a verb wants its value.
#[derive(Default)]
struct Directive {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

impl Directive {
    /// Reads what stands between `%` and the verb.
    fn read(rest: &mut &str, operands: &mut Operands<'_>, text: &mut Builder) -> Self {
        let mut directive = Self::default();
        while let Some(flag) = rest.chars().next() {
            match flag {
                '-' => directive.minus = true,
                '+' => directive.plus = true,
                '#' => directive.sharp = true,
                ' ' => directive.space = true,
                '0' => directive.zero = true,
                _ => break,
            }
            *rest = &rest[1..];
        }
        operands.is_bad = false;
        let mut chosen = operands.choose(rest);
        if let Some(after) = rest.strip_prefix('*') {
            (*rest, chosen) = (after, false);
            match operands.number() {
                Some(width) => {
                    directive.minus |= width < 0;
                    directive.width = usize::try_from(width.unsigned_abs()).ok();
                }
                None => text.push_str("%!(BADWIDTH)", &Origin::default()),
            }
        } else {
            directive.width = digits(rest);
            operands.is_bad |= chosen && directive.width.is_some();
        }
        if let Some(after) = rest.strip_prefix('.') {
            *rest = after;
            operands.is_bad |= chosen;
            chosen = operands.choose(rest);
            if let Some(after) = rest.strip_prefix('*') {
                (*rest, chosen) = (after, false);
                match operands.number() {
                    Some(precision) => directive.precision = usize::try_from(precision).ok(),
                    None => text.push_str("%!(BADPREC)", &Origin::default()),
                }
            } else {
                directive.precision = Some(digits(rest).unwrap_or(0));
            }
        }
        if !chosen {
            operands.choose(rest);
        }
        directive.zero &= !directive.minus;
        directive
    }

    /// Writes a value. Text that is shown as it is keeps what is known of its pieces.
    fn push(&self, value: &Value, verb: char, text: &mut Builder) {
        match &value.data {
            Data::Text(piece)
                if matches!(verb, 's' | 'v') && self.width.is_none() && self.precision.is_none() && !self.sharp =>
            {
                text.push(piece, None);
            }
            _ => {
                let mut written = String::new();
                self.write(value, verb, crate::MAX_DEPTH, &mut written);
                text.push_str(&written, &value.origin());
            }
        }
    }

    /// Writes a value: of a list or map each part, as the verb wants it, until the text is as long as any may get.
    fn write(&self, value: &Value, verb: char, depth: usize, text: &mut String) {
        let Some(depth) = depth.checked_sub(1).filter(|_| text.len() < MAX_PRINT) else { return text.push_str("...") };
        let part = |value: &Value, text: &mut String| match value.is_nil() {
            true => text.push_str("<nil>"),
            false => self.write(value, verb, depth, text),
        };
        match &value.data {
            Data::List(items) if !self.is_about_type(verb) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    text.push_str(if index > 0 { " " } else { "" });
                    part(item, text);
                }
                text.push(']');
            }
            Data::Map(map) if !self.is_about_type(verb) => {
                text.push_str("map[");
                for (index, (key, item)) in map.borrow().iter().enumerate() {
                    text.push_str(if index > 0 { " " } else { "" });
                    part(&Value::from(&**key), text);
                    text.push(':');
                    part(item, text);
                }
                text.push(']');
            }
            _ => text.push_str(&self.written(value, verb)),
        }
    }

    /// Whether a verb shows what a list or map is, not what is in it.
    fn is_about_type(&self, verb: char) -> bool {
        verb == 'T' || (verb == 'v' && self.sharp)
    }

    fn written(&self, value: &Value, verb: char) -> String {
        match (verb, &value.data) {
            ('T', _) => self.padded(value.type_name()),
            ('v', _) if self.sharp => literal(value, crate::MAX_DEPTH),
            ('v', Data::Nil) => self.padded("<nil>"),
            (_, Data::Nil) => format!("%!{verb}(<nil>)"),
            ('v' | 's', Data::Object(object)) => object.print(),
            ('v' | 't', Data::Bool(value)) => self.padded(if *value { "true" } else { "false" }),
            (_, Data::Int(value)) => self.int(*value, verb),
            (_, Data::Float(value)) => self.float(*value, verb),
            (_, Data::Text(text)) => self.text(text.as_str(), verb),
            _ => self.refused(value, verb),
        }
    }

    fn int(&self, value: i64, verb: char) -> String {
        let digits = value.unsigned_abs();
        let character = || u32::try_from(value).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
        let (prefix, digits) = match verb {
            'd' | 'v' => ("", digits.to_string()),
            'x' => ("0x", format!("{digits:x}")),
            'X' => ("0X", format!("{digits:X}")),
            'o' => ("0", format!("{digits:o}")),
            'O' => ("0o", format!("{digits:o}")),
            'b' => ("0b", format!("{digits:b}")),
            'c' => return self.padded(character().encode_utf8(&mut [0; 4])),
            'q' => return self.padded(&in_single_quotes(character())),
            'U' => return self.padded(&format!("U+{value:04X}")),
            _ => return self.refused(&Value::from(value), verb),
        };
        let sign = self.sign(value < 0, verb);
        let wide = self.width.filter(|_| self.zero).map_or(0, |width| width.saturating_sub(sign.len()));
        let zeros = self.precision.unwrap_or(wide).saturating_sub(digits.len());
        let prefix = if self.sharp || verb == 'O' { prefix } else { "" };
        self.padded(&format!("{sign}{prefix}{}{digits}", "0".repeat(zeros)))
    }

    fn float(&self, value: f64, verb: char) -> String {
        if !value.is_finite() {
            return self.padded(&float(value));
        }
        let size = value.abs();
        let digits = match (verb, self.precision) {
            ('f' | 'F', precision) => format!("{size:.*}", precision.unwrap_or(6)),
            ('e' | 'E', precision) => in_go(&format!("{size:.*e}", precision.unwrap_or(6))),
            ('g' | 'G' | 'v', None) => float(size),
            ('g' | 'G' | 'v', Some(precision)) => significant(size, precision.max(1)),
            _ => return self.refused(&Value::from(value), verb),
        };
        let digits = if matches!(verb, 'E' | 'G') { digits.to_uppercase() } else { digits };
        let sign = self.sign(value.is_sign_negative(), verb);
        let wide = self.width.filter(|_| self.zero).unwrap_or(0);
        let zeros = wide.saturating_sub(sign.len() + digits.len());
        self.padded(&format!("{sign}{}{digits}", "0".repeat(zeros)))
    }

    /// The sign of a number. The plus of `%+v` is about the names of fields.
    fn sign(&self, is_negative: bool, verb: char) -> &'static str {
        match is_negative {
            true => "-",
            false if self.plus && verb != 'v' => "+",
            false if self.space => " ",
            false => "",
        }
    }

    fn text(&self, text: &str, verb: char) -> String {
        let cut = || text.chars().take(self.precision.unwrap_or(usize::MAX)).collect::<String>();
        match verb {
            's' | 'v' => self.padded(&cut()),
            'q' if self.sharp && !text.contains(|next: char| next == '`' || (next.is_control() && next != '\t')) => {
                self.padded(&format!("`{}`", cut()))
            }
            'q' if self.plus => self.padded(&only_ascii(&quoted(&cut()))),
            'q' => self.padded(&quoted(&cut())),
            'x' => self.padded(&self.bytes(text, |byte| format!("{byte:02x}"), "0x")),
            'X' => self.padded(&self.bytes(text, |byte| format!("{byte:02X}"), "0X")),
            _ => self.refused(&Value::from(text), verb),
        }
    }

    fn bytes(&self, text: &str, digits: impl Fn(u8) -> String, prefix: &str) -> String {
        let bytes: Vec<_> = text.bytes().take(self.precision.unwrap_or(usize::MAX)).map(digits).collect();
        let prefix = if self.sharp && !bytes.is_empty() { prefix } else { "" };
        match self.space {
            true => bytes.iter().map(|byte| format!("{prefix}{byte}")).collect::<Vec<_>>().join(" "),
            false => format!("{prefix}{}", bytes.concat()),
        }
    }

    /// What a verb says of a value that it cannot show.
    fn refused(&self, value: &Value, verb: char) -> String {
        format!("%!{verb}({}={})", value.type_name(), self.written(value, 'v'))
    }

    /// Text made as wide as asked for.
    fn padded(&self, text: &str) -> String {
        let missing = " ".repeat(self.width.unwrap_or(0).min(MAX_WIDTH).saturating_sub(text.chars().count()));
        if self.minus { format!("{text}{missing}") } else { format!("{missing}{text}") }
    }
}

/// The number at the beginning of a text.
fn digits(rest: &mut &str) -> Option<usize> {
    let length = rest.len() - rest.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
    let (number, after) = rest.split_at(length);
    *rest = after;
    number.parse::<usize>().ok().map(|number| number.min(MAX_WIDTH))
}

/// A number with so many digits that count, without the zeros at its end.
fn significant(value: f64, digits: usize) -> String {
    let shortened = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    let written = format!("{value:.*e}", digits - 1);
    let exponent = exponent(&written);
    if exponent < -4 || i64::from(exponent) >= digits as i64 {
        let digits = written.split_once('e').map_or(&*written, |(digits, _)| digits);
        return in_go(&format!("{}e{exponent}", shortened(digits)));
    }
    let after_point = (digits as i64 - 1 - i64::from(exponent)).unsigned_abs() as usize;
    shortened(&format!("{value:.after_point$}"))
}

fn in_single_quotes(character: char) -> String {
    let quoted = quoted(character.encode_utf8(&mut [0; 4]));
    match character {
        '\'' => r"'\''".to_owned(),
        '"' => "'\"'".to_owned(),
        _ => format!("'{}'", &quoted[1..quoted.len() - 1]),
    }
}

fn only_ascii(text: &str) -> String {
    let escaped = |character: char| match u32::from(character) {
        code @ ..0x80 => String::from(code as u8 as char),
        code @ ..0x1_0000 => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    };
    text.chars().map(escaped).collect()
}

/// A value as Go source: `%#v`.
fn literal(value: &Value, depth: usize) -> String {
    let Some(depth) = depth.checked_sub(1) else { return "...".to_owned() };
    match &value.data {
        Data::Text(text) => quoted(text.as_str()),
        Data::List(items) => {
            let items: Vec<_> = items.iter().map(|item| literal(item, depth)).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Data::Map(map) => {
            let entry = |(key, item): (&Rc<str>, &Value)| format!("{}:{}", quoted(key), literal(item, depth));
            format!("map[string]interface {{}}{{{}}}", map.borrow().iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        _ => print(value),
    }
}
