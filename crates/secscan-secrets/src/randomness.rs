//! How random a text looks: Shannon's measure, and whether it reads like words.

/// Whether a text has so many bits a character, which is said of letters and digits of any kind. Hexadecimal digits can
/// have four bits at the most where those can have six: a random key of 32 has 3.6, and is asked for four fifths.
pub(crate) fn has(text: &[u8], bits: f64) -> bool {
    let has = |is: fn(&u8) -> bool| text.iter().any(is);
    let is_hexadecimal =
        text.iter().all(u8::is_ascii_hexdigit) && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    entropy(text) >= if is_hexadecimal { bits * 0.8 } else { bits }
}

/// The entropy of a text in bits a character, after Shannon; 0 for the empty text.
fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    text.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let length = text.len() as f64;
    let bits = |count: &u32| {
        let share = f64::from(*count) / length;
        -share * share.log2()
    };
    counts.iter().filter(|count| **count > 0).map(bits).sum()
}

/// The pairs of letters that make up four fifths of English text, of identifiers and of words in related languages.
const COMMON_PAIRS: &[u8] = b"th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of al de se \
le sa si ar ve ra ld ur ro ri io ic ne me nc ch ma co ec ce om ll ta li us ss ge ee el no la di il ho be wa tr ct pe pr \
sh ut ot so un lo ac em ns ow po mo ad id ie ke ey ss wo rd pa ck us am pl ai ly up da ir rt ag im su ap do op ci ig ay \
ts os ol ni iv fi fo ab bl cr cu ex ff ga gi go gr gu if ip ki ks lt lu mp mi mu na nk oa ob oc oo ov pi pt pu rc rm rn \
rs ru rv sc sp sw tu ty ub uc ue ui ul um va vi we wi wn ye";

/// Whether a text reads like words: identifiers, phrases, file names. Random letters share one pair in three with
/// written language, words four in five.
pub(crate) fn reads_like_words(text: &[u8]) -> bool {
    let (mut pairs, mut common) = (0, 0);
    for run in text.split(|byte| !byte.is_ascii_alphabetic()).flat_map(words_of_case).filter(|run| run.len() > 1) {
        for pair in run.windows(2) {
            pairs += 1;
            let pair = [pair[0].to_ascii_lowercase(), pair[1].to_ascii_lowercase()];
            common += u32::from(COMMON_PAIRS.chunks(3).any(|known| known.starts_with(&pair)));
        }
    }
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    // What is mostly digits or symbols says nothing either way; letters decide where they are most of the text.
    pairs * 2 >= text.len() as u32 && digits * 4 <= text.len() && common * 5 >= pairs * 3
}

/// The words of a run of letters in `camelCase`: each begins with a capital letter.
fn words_of_case(run: &[u8]) -> impl Iterator<Item = &[u8]> {
    run.chunk_by(|a, b| !(a.is_ascii_lowercase() && b.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digits_are_asked_for_less() {
        assert!(has(b"4b484e73cf575dcad6ba2b0aee0ca923", 3.7) && !has(b"4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b", 3.7));
        assert!(!has(b"31415926535897932384626433832795", 3.7), "a number is no key");
    }

    #[test]
    fn entropy_is_that_of_shannon() {
        assert_eq!(entropy(b""), 0.0);
        assert_eq!(entropy(b"aaaa"), 0.0);
        assert_eq!(entropy(b"abab"), 1.0);
        assert!((entropy(b"0123456789abcdef") - 4.0).abs() < 1e-9);
    }

    #[test]
    fn words_are_told_from_random_letters() {
        for words in
            ["correct-horse-battery", "getPasswordFromEnvironment", "my_database_password", "client.secret.name"]
        {
            assert!(reads_like_words(words.as_bytes()), "{words}");
        }
        for random in ["qX7vKz0pWm3bTg9h", "xkqzvbjwpfmd", "9f8e7d6c5b4a39281706", "kD8sJq2LwZ0vXn5R"] {
            assert!(!reads_like_words(random.as_bytes()), "{random}");
        }
    }
}
