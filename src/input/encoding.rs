//! Encodings: what a source's text is in, told from a sample or named, and turned into UTF-8.
//!
//! Bytes that cannot be decoded become the byte 0xFF, which UTF-8 does not have: so the record
//! they stand in, and only that, is found to be faulty. Nothing is replaced in silence.

use super::size;
use encoding_rs::{Decoder, DecoderResult, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

/// How much of a source is looked at to tell its encoding: 1 MiB.
const SAMPLE: usize = size(1 << 20, 256);

/// Bytes decoded at a time.
const CHUNK: usize = size(64 * 1024, 64);

/// What stands for bytes that cannot be decoded.
pub(super) const UNDECODABLE: u8 = 0xff;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    pub const UTF_8: Self = Self(UTF_8);

    /// Whether it is UTF-8, which needs no decoding.
    pub fn is_utf_8(self) -> bool {
        self == Self::UTF_8
    }
}

impl FromStr for Encoding {
    type Err = String;

    fn from_str(label: &str) -> Result<Self, String> {
        match encoding_rs::Encoding::for_label_no_replacement(label.as_bytes()) {
            Some(encoding) => Ok(Self(encoding)),
            None => Err("no encoding of this name is known; there are utf-8, utf-16le, utf-16be, \
                         gb18030, gbk, big5, shift_jis, euc-kr, windows-1252 and others"
                .to_owned()),
        }
    }
}

impl TryFrom<String> for Encoding {
    type Error = String;

    fn try_from(label: String) -> Result<Self, String> {
        label.parse()
    }
}

impl From<Encoding> for String {
    fn from(encoding: Encoding) -> Self {
        encoding.to_string()
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.name();
        // The standard writes this one small; people do not.
        f.write_str(if name == "gb18030" { "GB18030" } else { name })
    }
}

/// The beginning of a source, in front of the rest of it.
pub(super) struct Sampled {
    pub(super) sample: Vec<u8>,
    /// Whether the source ends, or cannot be read, behind the sample.
    pub(super) is_whole: bool,
    at: usize,
    /// Came after the sample, and is told after it.
    error: Option<io::Error>,
    rest: Box<dyn Read + Send>,
}

impl Sampled {
    /// Reads the beginning.
    pub(super) fn new(mut rest: Box<dyn Read + Send>) -> Self {
        let mut sample = Vec::new();
        let read = (&mut rest).take(SAMPLE as u64).read_to_end(&mut sample);
        let is_whole = read.is_err() || sample.len() < SAMPLE;
        Self { sample, is_whole, at: 0, error: read.err(), rest }
    }
}

impl Read for Sampled {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at < self.sample.len() {
            let n = buf.len().min(self.sample.len() - self.at);
            buf[..n].copy_from_slice(&self.sample[self.at..self.at + n]);
            self.at += n;
            return Ok(n);
        }
        self.sample = Vec::new();
        self.at = 0;
        match self.error.take() {
            Some(error) => Err(error),
            None => self.rest.read(buf),
        }
    }
}

/// What a sample says about its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Guess {
    pub(super) encoding: Encoding,
    /// Nothing in it is beyond doubt UTF-8 and no other encoding.
    pub(super) is_unsure: bool,
}

/// Whether the text is in UTF-32, which nobody decodes here.
pub(super) fn is_utf_32(sample: &[u8]) -> bool {
    matches!(sample, [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..])
        || matches!(sample, [1..=255, 0, 0, 0, ..] | [0, 0, 0, 1..=255, ..])
}

/// The encoding that the first bytes state, be it another than the one that was named.
pub(super) fn marked(sample: &[u8]) -> Option<Encoding> {
    encoding_rs::Encoding::for_bom(sample).map(|(encoding, _)| Encoding(encoding))
}

/// Tells the encoding of a sample without a mark. `is_whole` says that nothing follows it.
pub(super) fn guess(sample: &[u8], is_whole: bool) -> Guess {
    let sure = |encoding| Guess { encoding: Encoding(encoding), is_unsure: false };
    if let Some(encoding) = utf_16(sample) {
        return sure(encoding);
    }
    let utf_8 = Utf8::count(sample, is_whole);
    if utf_8.bad > 0 && is_gb18030(sample, is_whole, utf_8.good) {
        return sure(GB18030);
    }
    Guess { encoding: Encoding::UTF_8, is_unsure: utf_8.good <= utf_8.bad }
}

/// UTF-16 without a mark: then every ASCII character has a zero beside it, always on one side. On
/// the other side zeros are rare; a few Chinese characters have one.
fn utf_16(sample: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let zeros = |first: usize| sample.iter().skip(first).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let many = (sample.len() / 16).max(2);
    match (even, odd) {
        _ if odd >= many && odd >= 4 * even => Some(UTF_16LE),
        _ if even >= many && even >= 4 * odd => Some(UTF_16BE),
        _ => None,
    }
}

/// Characters of more than one byte that are UTF-8, and sequences that are not.
struct Utf8 {
    good: usize,
    bad: usize,
}

impl Utf8 {
    fn count(sample: &[u8], is_whole: bool) -> Self {
        let (mut good, mut bad) = (0, 0);
        let mut chunks = sample.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            good += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
            // The end of the sample may lie within a character.
            let is_cut = chunks.peek().is_none() && !is_whole;
            bad += usize::from(!chunk.invalid().is_empty() && !is_cut);
        }
        Self { good, bad }
    }
}

/// Pairs from which on a sample is told by where they lie; one of fewer by what it says.
const TELLING: usize = 16;

/// What stands in nearly every Chinese export: family names, the most usual characters of given
/// names, and those of the names of columns.
const COMMON: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于\
                      杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛阎段雷龙黎\
                      史陶贺毛郝顾龚邵万钱覃武戴孔汤小明三四五六七八九伟芳娜敏静丽强磊军洋勇艳杰娟涛超秀英\
                      霞平刚桂华建国文玉红春梅海燕志姓名称昵编号用户手机电话邮箱地址性别男女年龄生日部门公司\
                      职位密码账时间状态备注";

/// Whether a sample is GB18030: it decodes without an error, and nine in ten of its two-byte
/// characters are in the area of GB 2312, the everyday part of it, which text in another
/// encoding hits by chance only now and then; and there are more of them than characters in UTF-8.
///
/// Korean (EUC-KR) and Japanese (EUC-JP) lie in that area too. But Korean leaves alone the half of
/// it in which every other Chinese character is, and Japanese is full of kana.
fn is_gb18030(sample: &[u8], is_whole: bool, good_utf_8: usize) -> bool {
    let (mut pairs, mut everyday, mut late, mut kana) = (0usize, 0usize, 0usize, 0usize);
    let mut at = 0;
    while at < sample.len() {
        at += match (sample[at], sample.get(at + 1)) {
            (0..0x80, _) => 1,
            (_, Some(b'0'..=b'9')) => 4,
            (lead, Some(trail)) => {
                pairs += 1;
                everyday += usize::from(lead >= 0xa1 && *trail >= 0xa1);
                late += usize::from((0xc9..0xf8).contains(&lead));
                kana += usize::from(matches!(lead, 0xa4 | 0xa5));
                2
            }
            (_, None) => 1,
        };
    }
    let is_chinese = if pairs < TELLING {
        pairs > 0 && says_chinese(sample, pairs)
    } else {
        late * 10 >= pairs && kana * 10 < pairs
    };
    is_chinese
        && pairs > good_utf_8
        && everyday * 10 >= pairs * 9
        && decodes(GB18030, sample, is_whole)
}

/// Whether half of a few pairs, and two different ones at least, are common in Chinese exports:
/// short words in another encoding decode too, but to characters that hardly anybody writes.
fn says_chinese(sample: &[u8], pairs: usize) -> bool {
    let (text, _) = GB18030.decode_without_bom_handling(sample);
    let hits: Vec<char> = text.chars().filter(|c| !c.is_ascii() && COMMON.contains(*c)).collect();
    hits.len() * 2 >= pairs && hits.iter().any(|c| *c != hits[0])
}

fn decodes(encoding: &'static encoding_rs::Encoding, sample: &[u8], is_whole: bool) -> bool {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut out = vec![0; CHUNK];
    let mut at = 0;
    loop {
        let (result, read, _) =
            decoder.decode_to_utf8_without_replacement(&sample[at..], &mut out, is_whole);
        at += read;
        match result {
            DecoderResult::InputEmpty => return true,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => return false,
        }
    }
}

/// Turns a text into UTF-8. A byte order mark stays one.
pub(super) struct Decoded {
    input: Box<dyn Read + Send>,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_at: usize,
    raw_end: usize,
    text: Vec<u8>,
    text_at: usize,
    is_at_end: bool,
    is_done: bool,
}

impl Decoded {
    pub(super) fn new(input: Box<dyn Read + Send>, encoding: Encoding) -> Self {
        Self {
            input,
            decoder: encoding.0.new_decoder_without_bom_handling(),
            raw: vec![0; CHUNK],
            raw_at: 0,
            raw_end: 0,
            text: Vec::with_capacity(CHUNK),
            text_at: 0,
            is_at_end: false,
            is_done: false,
        }
    }

    /// Decodes more, once all that was decoded is handed out.
    fn fill(&mut self) -> io::Result<()> {
        if self.raw_at == self.raw_end && !self.is_at_end {
            self.raw_end = self.input.read(&mut self.raw)?;
            self.raw_at = 0;
            self.is_at_end = self.raw_end == 0;
        }
        self.text.resize(CHUNK, 0);
        let raw = &self.raw[self.raw_at..self.raw_end];
        // Room for what stands for undecodable bytes.
        let room = CHUNK - 1;
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
            raw,
            &mut self.text[..room],
            self.is_at_end,
        );
        self.raw_at += read;
        self.text.truncate(written);
        self.text_at = 0;
        match result {
            DecoderResult::InputEmpty => self.is_done = self.is_at_end,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => self.text.push(UNDECODABLE),
        }
        Ok(())
    }
}

impl Read for Decoded {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.text_at == self.text.len() {
            if self.is_done {
                return Ok(0);
            }
            self.fill()?;
        }
        let n = buf.len().min(self.text.len() - self.text_at);
        buf[..n].copy_from_slice(&self.text[self.text_at..self.text_at + n]);
        self.text_at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sample: &[u8]) -> (String, bool) {
        let guess = guess(sample, true);
        (guess.encoding.to_string(), guess.is_unsure)
    }

    #[test]
    fn an_encoding_is_told_from_a_sample() {
        for (sample, name, is_unsure) in [
            (&b"[{\"uid\":\"1\"}]"[..], "UTF-8", true),
            ("张三".as_bytes(), "UTF-8", false),
            // One bad byte among good characters.
            (b"\xe5\xbc\xa0\xe4\xb8\x89\xff", "UTF-8", false),
            (b"name\nJ\xfcrgen\nAndr\xe9\n", "UTF-8", true),
            (b"\xd0\xd5\xc3\xfb,a\n\xd5\xc5\xc8\xfd,b\n", "GB18030", false),
            // Characters of four bytes are no pairs.
            (b"\xd5\xc5\x95\x32\x82\x36\xc8\xfd", "GB18030", false),
            (b"[\0{\0}\0]\0", "UTF-16LE", false),
            (b"\0[\0{\0}\0]", "UTF-16BE", false),
            // U+4E00 has a zero on the other side.
            (b"\x00\x4e,\0a\0b\0c\0\n\0", "UTF-16LE", false),
            (b"{\"uid\":\"2\0\"}", "UTF-8", true),
        ] {
            assert_eq!(told(sample), (name.to_owned(), is_unsure), "{sample:?}");
        }
    }

    #[test]
    fn korean_and_japanese_are_not_taken_for_chinese() {
        let chinese = "王小明，李丽，张三，刘洋，陈静，杨帆，赵敏，黄磊";
        let korean = "김철수, 박영희, 이민호, 최지우, 정우성, 한지민";
        let japanese = "やまだ たろう, 鈴木 はなこ, さとう ケンジ, 高橋";
        for (encoding, text, expected) in [
            (GB18030, chinese, "GB18030"),
            (encoding_rs::EUC_KR, korean, "UTF-8"),
            (encoding_rs::EUC_JP, japanese, "UTF-8"),
            (encoding_rs::BIG5, "張三豐, 李四, 王小明, 陳靜, 劉洋", "UTF-8"),
            (encoding_rs::SHIFT_JIS, japanese, "UTF-8"),
            (encoding_rs::WINDOWS_1251, "Иванов, Пётр, Ольга, Смирнова, Анна", "UTF-8"),
            (encoding_rs::WINDOWS_1252, "Jürgen, André, Zoë, Łukasz", "UTF-8"),
        ] {
            let (bytes, _, _) = encoding.encode(text);
            assert_eq!(told(&bytes), (expected.to_owned(), expected == "UTF-8"), "{text}");
        }
    }

    #[test]
    fn a_short_sample_is_chinese_only_if_it_says_so() {
        use encoding_rs::{EUC_KR, WINDOWS_1251, WINDOWS_1253};
        for (encoding, text, expected) in [
            (GB18030, "姓名\n欧阳\n", "GB18030"),
            (GB18030, "编号,昵称\n1,a\n", "GB18030"),
            (GB18030, "uid,name\n1,王小明\n2,李丽\n", "GB18030"),
            (GB18030, "uid,name\n1,张三\n", "GB18030"),
            // It may be Chinese, but so may be anything.
            (GB18030, "uid,name\n1,欧鹏\n", "UTF-8"),
            (EUC_KR, "김철수", "UTF-8"),
            (EUC_KR, "uid,name\n1,박영희\n2,이민호\n", "UTF-8"),
            (EUC_KR, "이름,전화\n", "UTF-8"),
            (WINDOWS_1251, "Иван, Пётр, Анна", "UTF-8"),
            (WINDOWS_1251, "Соня, Соня, Саша", "UTF-8"),
            (encoding_rs::KOI8_R, "Иван, Пётр, Анна", "UTF-8"),
            (WINDOWS_1253, "Άννα, Σοφία1, Ελένη2, Νίκη", "UTF-8"),
            (WINDOWS_1253, "Παύλος, Άννα", "UTF-8"),
        ] {
            let (bytes, _, _) = encoding.encode(text);
            assert_eq!(told(&bytes), (expected.to_owned(), expected == "UTF-8"), "{text}");
        }
    }

    #[test]
    fn the_end_of_a_sample_may_lie_within_a_character() {
        let sample = "[\"张三\"]".as_bytes();
        assert!(!guess(&sample[..6], false).is_unsure);
        let gb = b"\xd5\xc5\xc8\xfd\xd5";
        assert_eq!(guess(gb, false).encoding, Encoding(GB18030));
        assert_eq!(guess(gb, true).encoding, Encoding::UTF_8);
    }

    #[test]
    fn what_cannot_be_decoded_becomes_one_byte_that_is_not_utf_8() {
        for (label, bytes, expected) in [
            ("utf-16le", &b"a\0\x00\xd8b\0"[..], &b"a\xffb"[..]),
            ("utf-16be", b"\0a\0b\0", b"ab\xff"),
            ("gb18030", b"a\xd5\xc5\xff\xd5", b"a\xe5\xbc\xa0\xff\xff"),
            ("big5", b"\xb1\x69", "張".as_bytes()),
        ] {
            let encoding = label.parse().expect("an encoding");
            let input = Box::new(std::io::Cursor::new(bytes.to_vec()));
            let mut text = Vec::new();
            Decoded::new(input, encoding).read_to_end(&mut text).expect("memory can be read");
            assert_eq!(text, expected, "{label}");
        }
    }

    #[test]
    fn utf_32_is_recognised_and_an_encoding_must_be_known() {
        for text in [&b"\xff\xfe\0\0[\0\0\0"[..], b"\0\0\xfe\xff\0\0\0[", b"[\0\0\0", b"\0\0\0["] {
            assert!(is_utf_32(text));
        }
        assert!(!is_utf_32(b"[\0{\0"));
        assert!("klingon".parse::<Encoding>().is_err());
        assert!("hz-gb-2312".parse::<Encoding>().is_err(), "it is decoded by nobody");
    }
}
