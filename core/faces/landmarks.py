"""Names for the points of the FaceMesh, and the iBUG 68 points among them.

*Right* and *left* are the person's own: the right eye is at the left of the picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RIGHT_EYE = (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
LEFT_EYE = (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249)
RIGHT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
LEFT_BROW = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
RIGHT_NOSTRIL = (79, 239, 238, 20, 242, 99, 60, 75, 59, 166)
LEFT_NOSTRIL = (309, 459, 458, 250, 462, 328, 290, 305, 289, 392)
FACE_OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)

IBUG_68 = (
    *(127, 234, 93, 132, 58, 172, 150, 176, 152, 400, 379, 397, 288, 361, 323, 454, 356),  # jaw, right to left
    *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300),  # brows
    *(168, 197, 5, 1, 98, 97, 2, 326, 327),  # nose: bridge, then wings
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),  # eyes
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),  # outer lips
    *(78, 81, 13, 311, 308, 402, 14, 178),  # inner lips
)
"""For each of the 68 points of Sagonas et al. 2013 ("300 Faces in-the-Wild") the nearest point of the mesh."""


def ibug68(mesh_px: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the 68 points (68, 2) of a mesh (468, 2 or more).

    The jaw points lie on the mesh's outline, a little inside the visible contour of a turned head.
    """
    return np.ascontiguousarray(mesh_px[list(IBUG_68), :2], np.float32)
