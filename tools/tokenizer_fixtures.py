"""Makes test/fixtures/tokenizers: small tokenizers in every form that models are published in, and what their own libraries
make of 500 texts that are hard to cut. Run with transformers, tokenizers, sentencepiece, protobuf and tiktoken installed:

    python tools/tokenizer_fixtures.py test/fixtures/tokenizers

Ids are kept as "count:hash" a text (hash of the ids joined by commas), as whole lists would be ten times as large.
With --charsmap FOLDER the Unigram models of SentencePiece's own normalizations (240 kB each) are written there too.
"""

import base64
import collections
import hashlib
import io
import json
import os
import random
import re
import shutil
import sys

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import sentencepiece
import tiktoken
import transformers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, trainers

CODE = """
static int copy_name(char *dst, const char *src, size_t n) {
    if (dst == NULL || src == NULL) return -1;
    for (size_t i = 0; i < n && src[i] != '\\0'; i++) dst[i] = src[i];
    dst[n - 1] = '\\0';  /* the name ends here */
    return 0;
}
struct buffer { unsigned char *data; size_t length; size_t capacity; };
void grow(struct buffer *b, size_t more) {
        while (b->length + more > b->capacity) b->capacity *= 2;
        b->data = realloc(b->data, b->capacity);
        if (b->data == NULL) { fprintf(stderr, "out of memory: %zu\\n", b->capacity); exit(1); }
}
def read_rows(path, limit=1024):
\twith open(path, encoding="utf-8") as handle:
\t\trows = [line.strip().split(",") for line in handle][:limit]
\treturn {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}
public class Counter { private final Map<String, Integer> counts = new HashMap<>(); }
for (int i = 0; i < 100; ++i) { total += values[i] * 0x1F; checkReturnValue(status != 0); }
"""
PROSE = """
The quick brown fox jumps over the lazy dog, and the dog does not mind at all; it is used to foxes.
Ein Fehler in der Prüfung der Länge führt dazu, daß über das Ende des Puffers hinaus gelesen wird. Größe, Maß, Öl.
Une chaîne très longue a été copiée sans vérification; l'élève naïf a vu le cœur du problème où il était.
Ошибка в проверке длины строки приводит к чтению за пределами буфера. Память освобождается дважды.
長さの検査が間違っているため、バッファの外が読まれる。文字列の終わりを確認する。
检查长度的错误导致缓冲区之外的读取。函数返回一个整数。
길이 검사의 오류로 버퍼 밖을 읽는다. 문자열의 끝을 확인한다.
"""
CORPUS = [line for line in (CODE + PROSE).split("\n") if line.strip()] * 3


def hard_texts(count=500, seed=20240607):
    """Texts by a seeded generator: the plain ones first, then mixtures of all kinds of pieces."""
    r = random.Random(seed)
    # fmt: off
    spaces = [
        " ", "  ", "    ", "\t", "\n", "\r\n", "\r", "\n\n", "\u00a0", "\u2003", "\u3000", "\u200b", "\u2028",
        "\u0085", "\v", "\f", "\ufeff", "\u1680",
    ]
    words = CODE.split() + PROSE.split()
    controls = [
        "\x00", "\x01", "\x07", "\x1b[0m", "\x7f", "\u0080", "\u009f", "\u00ad", "\u200e", "\u202e", "\ufffd",
        "\ue000", "\ufff9",
    ]
    marks = [
        "é", "e\u0301", "Å", "A\u030a", "ﬁ", "ﬀ", "ǅ", "İ", "ı", "ß", "ẞ", "Σας", "ΟΔΟΣ", "ΐ", "q\u0307\u0323",
        "\u0301", "１２３", "Ａｂ", "㎏", "①", "½", "ﾊﾟ", "パ", "ハ\u309a", "각", "\u1100\u1161\u11a8", "नमस्ते",
        "สวัสดี", "שָׁלוֹם", "السَّلامُ", "ﷺ",
    ]
    emoji = ["😀", "👩‍💻", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "👍🏽", "❤️", "☺", "𝒳", "𠜎", "𓀀", "\U0010ffff", "🤦🏼‍♂️"]
    numbers = [
        "0", "7", "42", "1234567890", "3.14159", "1e-10", "0xDEADBEEF", "1,000,000", "٣٤", "²³", "Ⅷ", "1_000",
        "99999999999999999999",
    ]
    signs = [
        "->", "!=", "<<=", "...", "/*", "*/", "//", "'''", '"""', "don't", "I'LL", "we've", "__init__", "a.b.c",
        "$x", "@a", "#include", "\\n", "\\\\", "`", "~", "|||", "{}", "();", "—", "„“", "。", "、", "«»", "¿",
        "€", "\u2581", "▁▁x", "Ġ", "##ing", "<0x41>", "%s%d",
    ]
    special = [
        "<s>", "</s>", "<unk>", "<pad>", "<mask>", "[CLS]", "[SEP]", "[UNK]", "[MASK]", "<|endoftext|>", "<|end",
        "[gMASK]", "<sop>", "<|user|>", "<extra_id_0>", "</ s>", "< s>",
    ]
    runs = [
        " " * 37, "\t" * 17, "\n" * 29, "a" * 300, "ab" * 150, "=" * 80, "0" * 65, "é" * 40, "e\u0301" * 30,
        "漢" * 40, "😀" * 20, "x" * 101 + " y", " a" * 60, "<s>" * 9, "\u0301" * 20, "Aa" * 60, "_" * 33,
    ]
    plain = [
        "", " ", "  ", "\n", "\t", "a", " a", "a ", " a ", "  a  b  ", "\na\n", "Hello, World!", " Hello", "\u2581",
        "\u2581a", "\u0301", "\ufeffa", "\x00",
    ]
    # fmt: on
    kinds = [spaces, words, controls, marks, emoji, numbers, signs, special]
    texts = plain + runs + [CODE, PROSE] + marks + emoji + numbers + signs + special + controls
    weights = [5, 7, 1, 3, 2, 2, 4, 2]
    while len(texts) < count:
        parts = []
        for _ in range(r.randint(1, 18)):
            kind = r.choices(kinds, weights)[0]
            parts.append(r.choice(kind))
            if r.random() < 0.45:
                parts.append(" ")
        if r.random() < 0.05:
            parts.insert(r.randint(0, len(parts)), r.choice(runs))
        texts.append("".join(parts))
    return texts[:count]


def summary(ids):
    joined = ",".join(str(i) for i in ids)
    return f"{len(ids)}:{hashlib.sha256(joined.encode()).hexdigest()[:8]}"


def write(path, value):
    with open(path, "w", encoding="utf-8", newline="\n") as f:
        f.write(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


class Fixtures:
    def __init__(self, root):
        self.root = root
        self.texts = hard_texts()
        self.cases = {}
        os.makedirs(root, exist_ok=True)

    def folder(self, name):
        path = os.path.join(self.root, name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    def case(self, name, encode, **options):
        """`options`: what the reader is told besides the files (model_type)."""
        ids = [list(encode(text)) for text in self.texts]
        case = {**options, "ids": [summary(i) for i in ids], "first": ids[:8]}
        if isinstance(getattr(encode, "__self__", None), transformers.PreTrainedTokenizerBase):
            case["truncated"] = encode(CODE, truncation=True, max_length=12)
        self.cases[name] = case
        print(name, sum(len(i) for i in ids), "tokens")

    def finish(self):
        write(os.path.join(self.root, "texts.json"), self.texts)
        for name, case in self.cases.items():
            write(os.path.join(self.root, name, "expected.json"), case)


def byte_pairs(size, special):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=special,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in model["merges"]]


def write_byte_pairs(path, vocab, merges):
    write(os.path.join(path, "vocab.json"), vocab)
    write(os.path.join(path, "merges.txt"), "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))


def gpt2_cases(fixtures):
    vocab, merges = byte_pairs(420, ["<|endoftext|>"])
    # As the original publishes it: no class named, the family's defaults.
    path = fixtures.folder("gpt2")
    write_byte_pairs(path, vocab, merges)
    write(os.path.join(path, "tokenizer_config.json"), {"model_max_length": 1024})
    fixtures.case("gpt2", transformers.GPT2Tokenizer.from_pretrained(path).encode, model_type="gpt2")

    path = fixtures.folder("gpt2-added")
    write_byte_pairs(path, vocab, merges)
    write(
        os.path.join(path, "tokenizer_config.json"),
        {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": True, "add_bos_token": True},
    )
    write(
        os.path.join(path, "special_tokens_map.json"),
        {
            "bos_token": "<|endoftext|>",
            "pad_token": {"content": "<pad>", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False},
            "additional_special_tokens": ["<|user|>"],
        },
    )
    write(os.path.join(path, "added_tokens.json"), {"<pad>": len(vocab), "    ": len(vocab) + 1, "\t\t": len(vocab) + 2})
    fixtures.case("gpt2-added", transformers.AutoTokenizer.from_pretrained(path).encode)

    path = fixtures.folder("codegen")
    write_byte_pairs(path, vocab, merges)
    added = {
        str(len(vocab) + i): {
            "content": " " * (31 - i),
            "lstrip": False,
            "normalized": True,
            "rstrip": False,
            "single_word": False,
            "special": False,
        }
        for i in range(29)
    }
    write(
        os.path.join(path, "tokenizer_config.json"),
        {
            "tokenizer_class": "CodeGenTokenizer",
            "added_tokens_decoder": added,
            "bos_token": "<|endoftext|>",
            "eos_token": "<|endoftext|>",
            "unk_token": "<|endoftext|>",
            "errors": "replace",
        },
    )
    fixtures.case("codegen", transformers.AutoTokenizer.from_pretrained(path).encode)

    path = fixtures.folder("qwen2")
    write_byte_pairs(path, vocab, merges)
    write(
        os.path.join(path, "tokenizer_config.json"),
        {
            "tokenizer_class": "Qwen2Tokenizer",
            "add_prefix_space": False,
            "eos_token": "<|endoftext|>",
            "pad_token": "<|endoftext|>",
            "unk_token": None,
            "bos_token": None,
        },
    )
    fixtures.case("qwen2", transformers.AutoTokenizer.from_pretrained(path).encode)

    # StarCoder's cut, which its own tokenizer.json has, and no class of Transformers.
    path = fixtures.folder("starcoder")
    write_byte_pairs(path, vocab, merges)
    write(
        os.path.join(path, "tokenizer_config.json"),
        {
            "tokenizer_class": "GPT2Tokenizer",
            "bos_token": "<|endoftext|>",
            "eos_token": "<|endoftext|>",
            "unk_token": "<|endoftext|>",
        },
    )
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", special=True)])
    fixtures.case("starcoder", lambda text: tokenizer.encode(text).ids, model_type="gpt_bigcode")


def roberta_cases(fixtures):
    vocab, merges = byte_pairs(420, ["<s>", "<pad>", "</s>", "<unk>"])
    vocab["<mask>"] = len(vocab)
    path = fixtures.folder("roberta")
    write_byte_pairs(path, vocab, merges)
    write(os.path.join(path, "tokenizer_config.json"), {"model_max_length": 512})
    mask = {"content": "<mask>", "single_word": False, "lstrip": True, "rstrip": False, "normalized": False}
    write(
        os.path.join(path, "special_tokens_map.json"),
        {
            "bos_token": "<s>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "sep_token": "</s>",
            "pad_token": "<pad>",
            "cls_token": "<s>",
            "mask_token": mask,
        },
    )
    fixtures.case("roberta", transformers.RobertaTokenizer.from_pretrained(path).encode, model_type="roberta")


def word_pieces():
    """A vocabulary of characters, common words and common endings. (The trainer's own differs from run to run.)"""
    splitter = pre_tokenizers.BertPreTokenizer()
    normalizer = normalizers.BertNormalizer(lowercase=False)
    words = collections.Counter()
    for line in CORPUS + [line.lower() for line in CORPUS]:
        words.update(word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(line)))
    endings = collections.Counter()
    for word, count in words.items():
        endings.update({word[-size:]: count for size in (2, 3, 4) if len(word) > size})
    letters = sorted({letter for word in words for letter in word})

    def common(counts, most):
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [text for text, _ in ordered if len(text) > 1][:most]

    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + letter for letter in letters)]
    return tokens + common(words, 120) + ["##" + ending for ending in common(endings, 60)]


def word_piece_cases(fixtures):
    lines = "".join(f"{token}\n" for token in word_pieces())
    for name, config in [
        ("bert", {}),
        ("bert-cased", {"do_lower_case": False, "strip_accents": None}),
        ("bert-options", {"do_lower_case": True, "strip_accents": False, "tokenize_chinese_chars": False}),
    ]:
        path = fixtures.folder(name)
        write(os.path.join(path, "vocab.txt"), lines)
        if config:
            write(os.path.join(path, "tokenizer_config.json"), {"tokenizer_class": "BertTokenizer", **config})
        reference = transformers.BertTokenizer.from_pretrained(path)
        fixtures.case(name, reference.encode, **({} if config else {"model_type": "bert"}))


def sentence_pieces(path, file="tokenizer.model", **options):
    """A model file trained on the corpus, as `file` in the folder; returns its bytes."""
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS * 4), model_writer=out, hard_vocab_limit=False, num_threads=1, minloglevel=2, **options
    )
    with open(os.path.join(path, file), "wb") as f:
        f.write(out.getvalue())
    return out.getvalue()


LLAMA = dict(
    model_type="bpe",
    vocab_size=700,
    byte_fallback=True,
    split_digits=True,
    allow_whitespace_only_pieces=True,
    normalization_rule_name="identity",
    remove_extra_whitespaces=False,
    character_coverage=0.98,
)


def sections(text, special):
    """Text between special tokens, and the tokens."""
    return [part for part in re.split("(" + "|".join(re.escape(token) for token in special) + ")", text) if part]


def llama_cases(fixtures):
    # As SentencePiece itself reads it, special tokens cut out first: what Llama's own tokenizer.json does.
    def reference(bytes_, bos, eos, special):
        processor = sentencepiece.SentencePieceProcessor(model_proto=bytes_)
        ids = {token: processor.piece_to_id(token) for token in special}

        def encode(text):
            found = [ids[bos]] if bos else []
            for part in sections(text, special):
                found += [ids[part]] if part in ids else processor.encode(part)
            return found + ([ids[eos]] if eos else [])

        return encode

    special = ["<unk>", "<s>", "</s>"]
    path = fixtures.folder("llama")
    model = sentence_pieces(path, **LLAMA)
    fixtures.case("llama", reference(model, "<s>", None, special), model_type="llama")

    path = fixtures.folder("llama-legacy-false")
    with open(os.path.join(path, "tokenizer.model"), "wb") as f:
        f.write(model)
    write(
        os.path.join(path, "tokenizer_config.json"),
        {
            "tokenizer_class": "LlamaTokenizer",
            "legacy": False,
            "add_bos_token": True,
            "add_eos_token": True,
            "bos_token": "<s>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "pad_token": None,
        },
    )
    fixtures.case("llama-legacy-false", transformers.AutoTokenizer.from_pretrained(path).encode)

    path = fixtures.folder("gemma")
    model = sentence_pieces(
        path,
        **{
            **LLAMA,
            "add_dummy_prefix": False,
            "bos_id": 2,
            "eos_id": 1,
            "pad_id": 0,
            "unk_id": 3,
            "bos_piece": "<bos>",
            "eos_piece": "<eos>",
            "user_defined_symbols": ["<mask>", "<2mass>", "\n\n", "  "],
        },
    )
    write(
        os.path.join(path, "tokenizer_config.json"),
        {"tokenizer_class": "GemmaTokenizer", "add_bos_token": True, "add_eos_token": False},
    )
    fixtures.case("gemma", transformers.AutoTokenizer.from_pretrained(path).encode)

    # Blanks in a row are one, and none stands at either end.
    path = fixtures.folder("llama-blanks")
    model = sentence_pieces(path, **{**LLAMA, "remove_extra_whitespaces": True, "vocab_size": 500})
    fixtures.case("llama-blanks", reference(model, "<s>", None, special), model_type="llama")


# Some of what nmt_nfkc does, which is 240 kB: wide letters, ligatures, composed accents, white space, characters left out.
# fmt: off
RULES = {
    "Ａ": "A", "ｂ": "b", "１": "1", "２": "2", "３": "3", "ﬁ": "fi", "ﬀ": "ff", "½": "1/2", "㎏": "kg",
    "①": "1", "e\u0301": "é", "A\u030a": "Å", "\u1100\u1161": "가", "ﷺ": "صلى الله", "\t": " ", "\n": " ",
    "\r": " ", "\u00a0": " ", "\u3000": " ", "\u200b": " ", "\u2003": " ", "\ufeff": "", "\u00ad": "", "\x07": "",
    "…": "...", "ﾊ\uff9f": "パ", "ハ\u309a": "パ",
}
# fmt: on


def t5_cases(fixtures, charsmap_folder):
    options = dict(model_type="unigram", vocab_size=420, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, character_coverage=0.98)
    rules = os.path.join(fixtures.root, "rules.tsv")
    write(
        rules,
        "".join(
            " ".join(f"{ord(c):X}" for c in source) + "\t" + " ".join(f"{ord(c):X}" for c in target) + "\n"
            for source, target in RULES.items()
        ),
    )
    path = fixtures.folder("t5")
    sentence_pieces(path, "spiece.model", normalization_rule_tsv=rules, **options)
    os.remove(rules)
    tokenizer = transformers.T5Tokenizer.from_pretrained(path)
    fixtures.case("t5", tokenizer.encode, model_type="t5")
    if charsmap_folder is None:
        return
    big = Fixtures(charsmap_folder)
    for name in ["nmt_nfkc", "nfkc_cf", "nmt_nfkc_cf", "nfkc"]:
        path = big.folder(name)
        sentence_pieces(path, "spiece.model", normalization_rule_name=name, **options)
        big.case(name, transformers.T5Tokenizer.from_pretrained(path).encode, model_type="t5")
    big.finish()


def tiktoken_case(fixtures):
    vocab, _ = byte_pairs(700, [])
    back = {c: b for b, c in tokenizers_bytes().items()}
    ranks = {
        bytes(back[c] for c in token): rank for rank, (token, _) in enumerate(sorted(vocab.items(), key=lambda item: item[1]))
    }
    path = fixtures.folder("glm4")
    write(
        os.path.join(path, "tokenizer.model"),
        "".join(f"{base64.b64encode(token).decode()} {rank}\n" for token, rank in ranks.items()),
    )
    names = ["<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>", "<|system|>", "<|user|>"]
    special = {name: len(ranks) + i for i, name in enumerate(names)}
    flags = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
    write(
        os.path.join(path, "tokenizer_config.json"),
        {
            "auto_map": {"AutoTokenizer": ["tokenization_chatglm.ChatGLM4Tokenizer", None]},
            "added_tokens_decoder": {str(i): {"content": name, **flags} for name, i in special.items()},
            "additional_special_tokens": names,
            "clean_up_tokenization_spaces": False,
            "do_lower_case": False,
            "eos_token": "<|endoftext|>",
            "pad_token": "<|endoftext|>",
            "padding_side": "left",
            "remove_space": False,
            "tokenizer_class": "ChatGLM4Tokenizer",
        },
    )
    pattern = (
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
        "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
    )
    encoding = tiktoken.Encoding(name="glm4", pat_str=pattern, mergeable_ranks=ranks, special_tokens=special)
    prefix = [special["[gMASK]"], special["<sop>"]]
    fixtures.case("glm4", lambda text: prefix + encoding.encode(text, allowed_special="all"))


def tokenizers_bytes():
    """The characters that byte-level vocabularies write bytes as."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printable]
    return {**{b: chr(b) for b in printable}, **{b: chr(0x100 + i) for i, b in enumerate(others)}}


def main():
    fixtures = Fixtures(sys.argv[1])
    llama_cases(fixtures)
    t5_cases(fixtures, sys.argv[3] if "--charsmap" in sys.argv else None)
    tiktoken_case(fixtures)
    gpt2_cases(fixtures)
    roberta_cases(fixtures)
    word_piece_cases(fixtures)
    fixtures.finish()


if __name__ == "__main__":
    main()
