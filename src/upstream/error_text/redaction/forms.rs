//! The forms in which an API may repeat a secret.

use std::fmt::Write as _;

use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};

use super::{super::decoded::Decoded, Find, Pattern};

/// A part of a secret that is shorter is found as a word only: others have it within words of their own.
const ANYWHERE_BYTES_MIN: usize = 8;

/// The shortest piece of a part that is a secret of its own: others are names of parameters.
const PIECE_BYTES_MIN: usize = 6;

/// How much of a long secret suffices: an API may cut what it repeats.
const HEAD_BYTES: usize = 12;

/// What stands between the pieces of a secret, as in `user:password` and `id=1; session=abc`.
const BETWEEN: [char; 8] = [':', ',', ';', '&', '"', '\'', '(', ')'];

/// What to look for, so that a key or the value of a header is found: whole, its parts (`tok` of `Bearer tok`), what they
/// are Base64 of, and all of these as Base64 and in hexadecimal. Escapes need no patterns: texts are read without.
pub(super) fn patterns(secret: &str) -> Vec<Pattern> {
    let secret = secret.trim();
    let mut plain: Vec<String> = vec![secret.to_owned()];
    let words: Vec<&str> = secret.split_whitespace().collect();
    // The first of several is the scheme.
    plain.extend(words.iter().skip(usize::from(words.len() > 1)).map(|word| (*word).to_owned()));
    let decoded: Vec<String> = plain.iter().filter_map(|part| base64_of(part)).collect();
    // What stands behind a user's name is secret however short it is.
    plain.extend(decoded.iter().filter_map(|pair| Some(pair.split_once(':')?.1.to_owned())));
    plain.extend(decoded);
    let pieces: Vec<String> = plain
        .iter()
        .flat_map(|part| part.split(BETWEEN))
        .map(value)
        .filter(|piece| piece.len() >= PIECE_BYTES_MIN)
        .map(str::to_owned)
        .collect();
    plain.extend(pieces);

    let mut patterns = Vec::new();
    for part in plain.iter().filter(|part| !part.is_empty()) {
        let is_whole = part == secret || part.len() >= ANYWHERE_BYTES_MIN;
        add(&mut patterns, part, if is_whole { Find::Whole } else { Find::Word });
        if part.len() >= PIECE_BYTES_MIN {
            for form in encoded(part) {
                add(&mut patterns, &form, Find::Whole);
            }
        }
    }
    patterns
}

/// The value of `name=value`; the name is no secret, and the padding of Base64 no value.
fn value(piece: &str) -> &str {
    match piece.split_once('=') {
        Some((_, value)) if !value.trim_matches('=').is_empty() => value.trim(),
        Some((alone, _)) => alone.trim(),
        None => piece.trim(),
    }
}

fn add(patterns: &mut Vec<Pattern>, form: &str, find: Find) {
    let bytes = Decoded::layers(form).last().map(|layer| layer.bytes().to_vec()).unwrap_or_default();
    // A scheme or a word before the credential is none of it.
    let is_head = |head: &&[u8]| bytes.len() >= 2 * HEAD_BYTES && !head.contains(&b' ');
    if let Some(head) = bytes.get(..HEAD_BYTES).filter(is_head) {
        patterns.push(Pattern { bytes: head.to_vec(), find: Find::Head });
    }
    if !bytes.is_empty() {
        patterns.push(Pattern { bytes, find });
    }
}

/// The text that `part` is Base64 of.
fn base64_of(part: &str) -> Option<String> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decoded = [STANDARD, URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(part).ok())?;
    String::from_utf8(decoded).ok().filter(|text| text.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
}

/// A part as hexadecimal and as Base64, wherever in the encoded text it stands.
fn encoded(part: &str) -> Vec<String> {
    let mut forms = vec![part.bytes().fold(String::new(), |mut hex, byte| {
        // Writing to a string can't fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })];
    for before in 0..3 {
        let bytes: Vec<u8> = std::iter::repeat_n(b' ', before).chain(part.bytes()).collect();
        // Without the digits that hold bits of what stands before or behind.
        let own = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
        for engine in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
            let form = engine.encode(&bytes).get(own.clone()).unwrap_or_default().to_owned();
            if form.len() >= PIECE_BYTES_MIN && !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}
