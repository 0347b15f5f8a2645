//! A text without the escapes that writers put words into, so that what is looked for has one form.

use std::ops::Range;

/// How often escapes are undone, as they stand within each other: JSON in JSON, percent signs in that.
const DECODINGS_MAX: usize = 3;

/// The bytes of a text, each of which knows where it was written.
pub(super) struct Decoded {
    bytes: Vec<u8>,
    /// Where each byte was written, and behind them where the text ends.
    starts: Vec<usize>,
}

/// The named characters of HTML that are ASCII.
const ENTITIES: [(&[u8], u8); 5] =
    [(b"&amp;", b'&'), (b"&quot;", b'"'), (b"&lt;", b'<'), (b"&gt;", b'>'), (b"&apos;", b'\'')];

impl Decoded {
    /// The text as it is, then with its escapes undone, then with those undone that this brought to light.
    pub(super) fn layers(text: &str) -> impl Iterator<Item = Self> {
        let plain = Self { bytes: text.as_bytes().to_vec(), starts: (0..=text.len()).collect() };
        std::iter::successors(Some(plain), Self::undone).take(1 + DECODINGS_MAX)
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where a range of the bytes was written.
    pub(super) fn written(&self, range: &Range<usize>) -> Range<usize> {
        let start = |index: usize| self.starts.get(index).or(self.starts.last()).copied().unwrap_or_default();
        start(range.start)..start(range.end)
    }

    /// The same with each escape undone once; nothing, if there is none.
    fn undone(&self) -> Option<Self> {
        let (mut bytes, mut starts) = (Vec::with_capacity(self.bytes.len()), Vec::new());
        let mut rest = self.bytes.as_slice();
        while let Some(first) = rest.first() {
            let (byte, length) = escape(rest).unwrap_or((*first, 1));
            starts.extend(self.starts.get(self.bytes.len() - rest.len()));
            bytes.push(byte);
            rest = rest.get(length..).unwrap_or_default();
        }
        starts.extend(self.starts.last());
        (bytes.len() < self.bytes.len()).then_some(Self { bytes, starts })
    }
}

/// The ASCII character that an escape at the beginning stands for, and the escape's length.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [b'\\', b'u', b'0', b'0', high, low, ..] | [b'&', b'#', b'x' | b'X', high, low, b';', ..] => {
            Some((hex(*high, *low)?, 6))
        }
        [b'\\', b'x', high, low, ..] => Some((hex(*high, *low)?, 4)),
        [b'\\', b'n' | b'r' | b't', ..] => Some((b' ', 2)),
        [b'\\', sign, ..] if sign.is_ascii_punctuation() => Some((*sign, 2)),
        [b'%', high, low, ..] => Some((hex(*high, *low)?, 3)),
        [b'&', b'#', tens, ones, b';', ..] => Some((decimal(&[*tens, *ones])?, 5)),
        [b'&', b'#', hundreds, tens, ones, b';', ..] => Some((decimal(&[*hundreds, *tens, *ones])?, 6)),
        [b'&', ..] => {
            let (name, sign) = ENTITIES.into_iter().find(|(name, _)| text.starts_with(name))?;
            Some((sign, name.len()))
        }
        _ => None,
    }
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |digit: u8| u8::try_from(char::from(digit).to_digit(16)?).ok();
    Some(digit(high)? << 4 | digit(low)?).filter(u8::is_ascii)
}

fn decimal(digits: &[u8]) -> Option<u8> {
    std::str::from_utf8(digits).ok()?.parse().ok().filter(u8::is_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(text: &str) -> Decoded {
        Decoded::layers(text).last().unwrap()
    }

    #[test]
    fn escapes_of_all_kinds_are_undone_and_those_within_them() {
        for (text, decoded) in [
            ("a-b/c", "a-b/c"),
            (r"a\u002db\/c", "a-b/c"),
            (r"a\u002Db\\/c", "a-b/c"),
            (r"a\\u002db\\\/c", "a-b/c"),
            (r"a\x2db%2fc", "a-b/c"),
            ("a%252Db%2Fc", "a-b/c"),
            ("a&#45;b&#x2f;c", "a-b/c"),
            ("a&#045;b&#47;c", "a-b/c"),
            (r"a\u00252db\u005c/c", "a-b/c"),
            ("&lt;&amp;quot;&gt;", "<\">"),
            (r"x\ny", "x y"),
            (r"50% \a \u00e9 &no; &#300; %zz \u20", r"50% \a \u00e9 &no; &#300; %zz \u20"),
            ("ä%C3ö\\", "ä%C3ö\\"),
        ] {
            assert_eq!(String::from_utf8_lossy(last(text).bytes()), decoded, "{text}");
        }
    }

    #[test]
    fn each_byte_knows_where_it_was_written() {
        let text = r"ä=a\u002db!";
        let decoded = last(text);
        let at = decoded.bytes().windows(3).position(|three| three == b"a-b").unwrap();
        assert_eq!(&text[decoded.written(&(at..at + 3))], r"a\u002db");
        let all = decoded.written(&(0..decoded.bytes().len()));
        assert_eq!(all, 0..text.len());
        assert_eq!(Decoded::layers("").count(), 1);
    }
}
