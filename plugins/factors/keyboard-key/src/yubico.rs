//! Yubico one-time passwords: 16 bytes encrypted with the key's own AES key, typed in modhex after the key's public id.
//!
//! Owns the alphabet, the block and its check. Does not own which key a token belongs to, nor whether its counters are new.
//! Source: the vendor's manual, "Yubico OTP", and its reference code's description of the block.

use aes::Aes128;
use aes::cipher::{BlockCipherDecrypt as _, KeyInit as _};

/// The letters of modhex, in the order of their values: they lie on the same keys of most Latin keyboards.
const MODHEX: &[u8; 16] = b"cbdefghijklnrtuv";
/// What is encrypted, in letters.
pub(crate) const BLOCK_LETTERS: usize = 32;
/// The longest public id, in letters.
pub(crate) const LONGEST_PUBLIC_ID: usize = 32;
/// The residue of the CRC over block and checksum (ISO 13239).
const CRC_RESIDUE: u16 = 0xf0b8;

/// Letters of modhex as bytes; capitals count, since somebody may have pressed Caps Lock.
pub(crate) fn from_modhex(text: &str) -> Option<Vec<u8>> {
    let nibbles: Vec<u8> = text
        .bytes()
        .map(|letter| MODHEX.iter().position(|known| *known == letter.to_ascii_lowercase()))
        .map(|value| value.and_then(|value| u8::try_from(value).ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = nibbles.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| (high << 4) | low).collect())
}

/// Bytes as letters of modhex.
pub(crate) fn to_modhex(bytes: &[u8]) -> String {
    let letter = |value: u8| MODHEX.get(usize::from(value)).copied().map_or('c', char::from);
    bytes.iter().flat_map(|byte| [letter(byte >> 4), letter(byte & 0x0f)]).collect()
}

/// A typed token: whose it is, and the encrypted block.
pub(crate) struct Token {
    /// In lower-case modhex; up to 32 letters, an even number.
    pub public_id: String,
    block: [u8; 16],
}

impl Token {
    /// Takes a token apart; `None`: this is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let split = text.len().checked_sub(BLOCK_LETTERS).filter(|length| *length <= LONGEST_PUBLIC_ID)?;
        let (public_id, block) = text.split_at_checked(split)?;
        let public_id = to_modhex(&from_modhex(public_id)?);
        let block = from_modhex(block)?.try_into().ok()?;
        Some(Self { public_id, block })
    }

    /// Decrypts it; `None`: another key's, or altered.
    pub(crate) fn open(&self, key: &[u8; 16]) -> Option<Opened> {
        let mut block = self.block.into();
        Aes128::new(&(*key).into()).decrypt_block(&mut block);
        if crc(&block) != CRC_RESIDUE {
            return None;
        }
        let block: [u8; 16] = block.into();
        let [p0, p1, p2, p3, p4, p5, use0, use1, _, _, _, session, _, _, _, _] = block;
        // The top bit of the use counter said once that Caps Lock was on.
        let uses = u16::from_le_bytes([use0, use1]) & 0x7fff;
        Some(Opened { private_id: [p0, p1, p2, p3, p4, p5], moment: Moment { uses, session } })
    }
}

/// What a token holds.
pub(crate) struct Opened {
    pub private_id: [u8; 6],
    pub moment: Moment,
}

/// When in the key's life a token was made. Later is greater: how often the key was plugged in, then how often it was pressed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(crate) struct Moment {
    pub uses: u16,
    pub session: u8,
}

/// CRC-16 of ISO 13239, reflected.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 0 { crc >> 1 } else { (crc >> 1) ^ 0x8408 })
    })
}

#[cfg(test)]
pub(crate) mod testing {
    //! A key in software, for the tests.

    use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};

    use super::{BLOCK_LETTERS, Moment, crc, to_modhex};

    /// What the key would type.
    pub(crate) fn token(public_id: &str, private_id: [u8; 6], key: &[u8; 16], moment: Moment) -> String {
        let mut block = [0_u8; 16];
        block[..6].copy_from_slice(&private_id);
        block[6..8].copy_from_slice(&moment.uses.to_le_bytes());
        block[8..11].copy_from_slice(&[0x11, 0x22, 0x33]);
        block[11] = moment.session;
        block[12..14].copy_from_slice(&[0xaa, 0x55]);
        let sum = !crc(&block[..14]);
        block[14..].copy_from_slice(&sum.to_le_bytes());
        let mut block = block.into();
        aes::Aes128::new(&(*key).into()).encrypt_block(&mut block);
        let letters = to_modhex(&block);
        assert_eq!(letters.len(), BLOCK_LETTERS);
        format!("{public_id}{letters}")
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::{Moment, Token, from_modhex, testing, to_modhex};

    /// The example of the vendor's own tools, whose parts they print.
    #[test]
    fn the_vendors_example_opens() {
        let key = HEXLOWER.decode(b"ecde18dbe76fbd0c33330f1c354871db").unwrap().try_into().unwrap();
        let opened = Token::parse("dteffujehknhfjbrjnlnldnhcujvddbikngjrtgh").unwrap();
        assert_eq!(opened.public_id, "dteffuje");
        let opened = opened.open(&key).unwrap();
        assert_eq!(HEXLOWER.encode(&opened.private_id), "8792ebfe26cc");
        assert_eq!(opened.moment, Moment { uses: 19, session: 17 });
    }

    #[test]
    fn an_altered_token_does_not_open() {
        let key = [9; 16];
        let token = testing::token("cccccccccccb", *b"secret", &key, Moment { uses: 3, session: 2 });
        assert!(Token::parse(&token).unwrap().open(&key).is_some());
        assert!(Token::parse(&token).unwrap().open(&[8; 16]).is_none());
        for position in 12..token.len() {
            let mut letters = token.clone().into_bytes();
            letters[position] = if letters[position] == b'c' { b'b' } else { b'c' };
            let altered = Token::parse(std::str::from_utf8(&letters).unwrap()).unwrap();
            assert!(altered.open(&key).is_none(), "letter {position}");
        }
    }

    #[test]
    fn modhex_is_strict_but_for_capitals() {
        assert_eq!(to_modhex(&[0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]), "cbdefghijklnrtuv");
        assert_eq!(from_modhex("CBDEfghi"), Some(vec![0x01, 0x23, 0x45, 0x67]));
        for wrong in ["c", "ca", "c1", "cć", "c "] {
            assert_eq!(from_modhex(wrong), None, "{wrong}");
        }
        let block = "c".repeat(32);
        assert!(Token::parse(&block).is_some_and(|token| token.public_id.is_empty()));
        for wrong in
            [&block[1..], &format!("c{block}"), &format!("{}{block}", "c".repeat(34)), &format!("éé{}", &block[4..])]
        {
            assert!(Token::parse(wrong).is_none(), "{wrong}");
        }
    }
}
