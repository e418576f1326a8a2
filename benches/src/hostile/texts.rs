//! Text: what the search for blocks and the base64 decoder get to see.

use cert_core::caps;

use super::Hostile;

pub(super) fn all() -> Vec<Hostile> {
    let digits = "A".repeat(64) + "\n";
    let damaged_last = format!("{BEGIN}{}*{END}", filled(&digits, 200));
    vec![
        repeated("BEGIN lines", BEGIN),
        repeated("END lines", END),
        repeated("BEGIN lines with four dashes", "----BEGIN CERTIFICATE----\n"),
        repeated("dashes", "-"),
        repeated("dashes of a word processor", "\u{2014}"),
        repeated("the word BEGIN without dashes", "BEGIN "),
        repeated("four dashes and BEGIN, on one line", "---- BEGIN"),
        repeated("line feeds", "\n"),
        repeated("carriage returns", "\r"),
        repeated("base64 without a boundary", "MIIB"),
        repeated("empty blocks", &format!("{BEGIN}{END}")),
        repeated("blocks of three bytes", &format!("{BEGIN}AAAA\n{END}")),
        repeated("escaped line breaks", "-----BEGIN CERTIFICATE-----\\nAAAA\\n"),
        Hostile::chain("lines of one letter, and the word END", (filled("a\n", 3) + "END").into_bytes()),
        Hostile::chain("one block as long as the input", filled_block(&digits)),
        Hostile::chain("one block of single digits", filled_block("A\n")),
        Hostile::chain("one block of digits apart", filled_block("A \t")),
        Hostile::chain("one block whose last digit is none", damaged_last.into_bytes()),
        Hostile::chain("64 blocks of 4 KB", many_blocks(64)),
        Hostile::chain("8 blocks of 16 KB", many_blocks(8)),
        Hostile::chain("bytes that are no text", vec![0xff; caps::MAX_INPUT]),
        Hostile::chain("sequences in each other, DER", nested_sequences()),
    ]
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----\n";
const END: &str = "-----END CERTIFICATE-----\n";

fn repeated(name: &'static str, part: &str) -> Hostile {
    Hostile::chain(name, filled(part, 0).into_bytes())
}

/// As much of it as the cap allows, but for `reserved` bytes.
fn filled(part: &str, reserved: usize) -> String {
    part.repeat((caps::MAX_INPUT - reserved) / part.len())
}

fn filled_block(body: &str) -> Vec<u8> {
    format!("{BEGIN}{}\n{END}", filled(body, BEGIN.len() + END.len() + 1)).into_bytes()
}

/// Blocks that are certificates by their first bytes, and then zeros.
fn many_blocks(count: usize) -> Vec<u8> {
    let body = "MIIP/KADAgEC".to_owned() + &"A".repeat((caps::MAX_INPUT / count - 100) / 4 * 4);
    format!("{BEGIN}{body}\n{END}").repeat(count).into_bytes()
}

fn nested_sequences() -> Vec<u8> {
    let headers = (0..caps::MAX_INPUT / 4).map(|index| (caps::MAX_INPUT - 4 * index).min(0xffff) as u16);
    headers.flat_map(|length| [[0x30, 0x82], length.to_be_bytes()].concat()).collect()
}
