"""docs/README.zh-CN.md keeps step with README.md: python tests/test_chinese_readme.py copies the blocks of code anew."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENGLISH = ROOT / "README.md"
CHINESE = ROOT / "docs" / "README.zh-CN.md"
BLOCK = re.compile(r"^```\w+\n.*?^```$", re.MULTILINE | re.DOTALL)


def for_users(text):
    """What stands before the part for contributors."""
    return text.partition("\n## Test\n")[0]


def test_both_show_the_same_commands_and_outputs():
    english = BLOCK.findall(for_users(ENGLISH.read_text(encoding="utf-8")))
    assert BLOCK.findall(CHINESE.read_text(encoding="utf-8")) == english


def test_both_have_the_same_chapters_and_tables():
    english, chinese = for_users(ENGLISH.read_text(encoding="utf-8")), CHINESE.read_text(encoding="utf-8")
    for pattern in (r"^#+ ", r"^\| "):
        counts = [len(re.findall(pattern, BLOCK.sub("", text), re.MULTILINE)) for text in (english, chinese)]
        assert counts[0] == counts[1], pattern


def test_both_name_the_same_commands():
    rows = re.compile(r"^\| \[`(nlpcli [\w-]+)`\]", re.MULTILINE)
    english, chinese = ENGLISH.read_text(encoding="utf-8"), CHINESE.read_text(encoding="utf-8")
    assert rows.findall(english) == rows.findall(chinese)


if __name__ == "__main__":
    blocks = iter(BLOCK.findall(for_users(ENGLISH.read_text(encoding="utf-8"))))
    text = CHINESE.read_text(encoding="utf-8")
    CHINESE.write_text(BLOCK.sub(lambda _: next(blocks), text), encoding="utf-8", newline="\n")
