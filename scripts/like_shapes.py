"""Which characters look alike: pipelines/linkage/engine/like_shapes.yml, made anew.

    pip install pillow, and a machine with the fonts Noto Sans CJK and Noto Serif CJK (Debian: fonts-noto-cjk)
    python -m scripts.like_shapes --sans NotoSansCJK-Regular.ttc --serif NotoSerifCJK-Regular.ttc

Each character of GB 2312, and those of SUPPLEMENT that people are named by, is drawn in both faces, blurred as an eye or a scanner
blurs it, and correlated with every other one. Pairs that correlate by LEAST or more are kept: 未末, 己已, 晴睛.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont  # type: ignore[import-not-found]  # only this script draws

TARGET: Final = Path(__file__).parents[1] / "pipelines/linkage/engine/like_shapes.yml"
SUPPLEMENT: Final = "喆堃珺昇頔祎玥珅珩晞翀璟婳姝嫄嬅媺彧旻昉昳曦暄甯琤瑀瓛珮炘烜焱燚煊煜熠犇皛眭砉禛禕竑筠綦綮翊茉菡萩蓁薏蘅袆诩赟跹逄逯郄郇鄢鄯闫阚靓頠颋颢飏骁骐骞鸫麒黎龑"
LEAST: Final = 0.85
_DRAWN, _SEEN, _BLUR = 72, 24, 2.0  # pixels
_PLACE, _SIZE = (4, -14), 64
_A_LINE: Final = 32
_SIMPLIFIED: Final = 2  # face of the collection for mainland China

Pictures = npt.NDArray[np.float32]


def characters() -> list[str]:
    """Those of GB 2312 and the supplement, sorted."""
    found = set(SUPPLEMENT)
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            found.update(bytes([high, low]).decode("gb2312", errors="ignore"))
    return sorted(found)


def pictures(written: list[str], font: Path) -> Pictures:
    """Shape (characters, pixels), each of mean 0 and length 1."""
    face = ImageFont.truetype(str(font), _SIZE, index=_SIMPLIFIED)
    drawn = np.stack([_picture(one, face) for one in written])
    drawn -= drawn.mean(axis=1, keepdims=True)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


def _picture(character: str, face: Any) -> Pictures:
    image = Image.new("L", (_DRAWN, _DRAWN), 0)
    ImageDraw.Draw(image).text(_PLACE, character, fill=255, font=face)
    blurred = image.filter(ImageFilter.GaussianBlur(_BLUR)).resize((_SEEN, _SEEN), Image.BOX)
    return np.asarray(blurred, dtype=np.float32).ravel()


def main() -> None:
    """Draw, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sans", type=Path, required=True)
    parser.add_argument("--serif", type=Path, required=True)
    options = parser.parse_args()
    written = characters()
    faces = [pictures(written, font) for font in (options.sans, options.serif)]
    alike = np.mean([face @ face.T for face in faces], axis=0)
    pairs = [written[a] + written[b] for a, b in np.argwhere(np.triu(alike >= LEAST, k=1))]
    lines = [" ".join(pairs[n : n + _A_LINE]) for n in range(0, len(pairs), _A_LINE)]
    head = [
        "# Characters that look alike, in pairs: glyphs of Noto Sans CJK SC and Noto Serif CJK SC (SIL Open Font License),",
        f"# drawn, blurred and correlated by at least {LEAST}; made by scripts/like_shapes.py.",
        "pairs: >-",
    ]
    TARGET.write_text("\n".join([*head, *(f"  {line}" for line in lines)]) + "\n", encoding="utf-8")
    print(f"{len(written)} characters, {len(pairs)} pairs")


if __name__ == "__main__":
    main()
