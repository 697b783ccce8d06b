"""Where the bytes of checks lie: a folder of this machine, or a bucket that several machines share.

`open_media(place, data_dir) -> MediaStore` chooses by the settings; docs/decisions/0012-media-store.md says why so.
"""

from core.media.bucket import BucketMedia
from core.media.contract import MediaStore, Stored
from core.media.counting import Counting
from core.media.local import LocalMedia
from core.media.opening import open_media
from core.media.patience import patiently

__all__ = ["BucketMedia", "Counting", "LocalMedia", "MediaStore", "Stored", "open_media", "patiently"]
