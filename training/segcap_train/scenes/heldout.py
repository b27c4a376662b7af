"""What the `unseen` split shows and training never does; decided by names alone, so that it holds for every pool.

Textures: a tenth of the tiles. Textured meshes: a tenth, with their variants, where training still meets the noun in
another shape; pasted pictures of such a mesh are left out of training too. Pairs of colour and shape:
`catalogue.held_out`.
"""
import re
import zlib

TENTH = 10
VARIANT = re.compile(r"[b-f]?(_(red|blue|green|white|black|orange|yellow))?_?\d*$")


def unseen_name(name):
    """Whether a file of this name (no folder, no ending) is among the held-out tenth."""
    return zlib.crc32(name.encode()) % TENTH == 0


def family(stem):
    """What a mesh's name has in common with those of its variants: no number, no letter, no colour at the end."""
    return VARIANT.sub("", stem)


def unseen_meshes(rows, nouns_built):
    """The stems of held-out meshes among (file, noun, ...) rows; `nouns_built` are the generator's own nouns."""
    kept = {noun for file, noun, *_ in rows if not unseen_name(family(file.stem))} | set(nouns_built)
    return {file.stem for file, noun, *_ in rows if unseen_name(family(file.stem)) and noun in kept}


def shows_one_of(name, stems):
    """Whether a cut-out's name, a mesh's with the number of a view, is that of one of the meshes."""
    return re.sub(r"_\d\d$", "", name) in stems
