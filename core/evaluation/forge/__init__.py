"""Fakes made from real faces, for training: every fake with its real twin, both damaged alike.

`faces` cuts real faces into the canonical frame, `parts` says where a face is replaced, `blend` and `upsample` make
the fakes of `recipes`, `damage` is what the world does to pictures (`codec` its codecs), `pairs` draws a recipe and
makes a `ForgedPair`, `flicker` forges whole sequences.
"""

from core.evaluation.forge.damage import Damage, draw_damage
from core.evaluation.forge.faces import SourceFace, face_in_photo
from core.evaluation.forge.pairs import ForgedPair, forge_pair
from core.evaluation.forge.recipes import RECIPES

__all__ = ["RECIPES", "Damage", "ForgedPair", "SourceFace", "draw_damage", "face_in_photo", "forge_pair"]
