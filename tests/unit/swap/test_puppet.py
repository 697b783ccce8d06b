from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import FaceSetError
from core.faces.mesh import Mesh, square_around_mesh
from core.faces.models import FaceModels, load_face_models
from core.faces.pose import head_pose
from core.swap.public_faces import PUBLIC_FACES
from core.swap.puppet import Puppet, film
from core.swap.puppet_motion import MOST_YAW_DEG, WIDEST_MOUTH, Moment, draw_moments

PERSONS = tuple(PUBLIC_FACES)
STILL = Moment(0.0)


@pytest.fixture(scope="module")
def models() -> FaceModels:
    return load_face_models()


@pytest.fixture(scope="module")
def puppets(models: FaceModels) -> dict[str, Puppet]:
    return {name: Puppet.of(face.read(), models, 320) for name, face in PUBLIC_FACES.items()}


def seen(models: FaceModels, puppet: Puppet, moment: Moment) -> Mesh:
    return models.mesh.fit(puppet.draw(moment), square_around_mesh(puppet.landmarks_px(moment)))


def gap(points: NDArray[np.floating]) -> float:
    return float(np.linalg.norm(points[13, :2] - points[14, :2]) / np.linalg.norm(points[33, :2] - points[263, :2]))


@pytest.mark.parametrize("person", PERSONS)
def test_a_puppet_that_does_nothing_is_the_photograph(puppets: dict[str, Puppet], person: str) -> None:
    puppet = puppets[person]
    still = replace(STILL, mouth=puppet.solid.rest_mouth)
    apart = np.abs(puppet.draw(still).astype(int) - puppet.atlas[: puppet.size_px].astype(int))
    assert np.quantile(apart, 0.99) <= 2


@pytest.mark.parametrize("person", PERSONS)
def test_the_detector_sees_the_pose_that_was_drawn(models: FaceModels, puppets: dict[str, Puppet], person: str) -> None:
    puppet = puppets[person]
    rest = head_pose(seen(models, puppet, STILL).points_px)
    for yaw in (-30, -15, 15, 30):
        pose = head_pose(seen(models, puppet, replace(STILL, yaw_deg=yaw)).points_px)
        assert pose.yaw_deg - rest.yaw_deg == pytest.approx(yaw, abs=9)
    for pitch in (-12, 12):
        pose = head_pose(seen(models, puppet, replace(STILL, pitch_deg=pitch)).points_px)
        assert pose.pitch_deg - rest.pitch_deg == pytest.approx(pitch, abs=6)
    for roll in (-9, 9):
        pose = head_pose(seen(models, puppet, replace(STILL, roll_deg=roll)).points_px)
        assert pose.roll_deg - rest.roll_deg == pytest.approx(roll, abs=2)


@pytest.mark.parametrize("person", PERSONS)
def test_the_landmarks_that_are_told_are_those_that_are_seen(
    models: FaceModels, puppets: dict[str, Puppet], person: str
) -> None:
    puppet = puppets[person]
    for moment in draw_moments(5, 6.0, Fraction(2)):
        mesh = seen(models, puppet, moment)
        apart = np.linalg.norm(mesh.points_px[:, :2] - puppet.landmarks_px(moment), axis=1)
        assert mesh.score > 0.9
        assert np.median(apart) < 0.06 * puppet.solid.eyes_px


@pytest.mark.parametrize("person", PERSONS)
def test_the_mouth_opens_and_shuts(models: FaceModels, puppets: dict[str, Puppet], person: str) -> None:
    puppet = puppets[person]
    gaps = [gap(seen(models, puppet, replace(STILL, mouth=mouth)).points_px) for mouth in (0.0, 0.12, WIDEST_MOUTH)]
    assert gaps[0] < 0.07
    assert gaps[0] + 0.03 < gaps[1] < gaps[2] - 0.04


@pytest.mark.parametrize("person", PERSONS)
def test_a_blink_shuts_the_eyes(models: FaceModels, puppets: dict[str, Puppet], person: str) -> None:
    puppet = puppets[person]
    openings = [
        models.eyes.openness(puppet.draw(moment), puppet.landmarks_px(STILL)).mean()
        for moment in (STILL, replace(STILL, blink=1.0))
    ]
    assert openings[1] < 0.8 * openings[0]


def test_the_background_stands_still_while_the_head_moves(puppets: dict[str, Puppet]) -> None:
    puppet = puppets["collins"]
    pictures = np.stack([puppet.draw(moment) for moment in draw_moments(3, 4.0, Fraction(2))]).astype(float)
    spread = pictures.std(axis=0).mean(axis=2)
    assert spread[:20, :20].max() < 1.5
    assert spread[140:180, 140:180].mean() > 6


def test_the_light_on_the_face_is_the_one_asked_for(puppets: dict[str, Puppet]) -> None:
    puppet = puppets["hopper"]
    x, y = (int(v) for v in puppet.landmarks_px(STILL)[151])
    part = np.s_[y - 5 : y + 5, x - 5 : x + 5]
    usual, dimmed = (puppet.draw(moment)[part].mean() for moment in (STILL, replace(STILL, light=0.8)))
    assert dimmed / usual == pytest.approx(0.8, abs=0.02)


def test_the_same_seed_is_the_same_film_and_another_is_another(models: FaceModels) -> None:
    photo = PUBLIC_FACES["hopper"].read()
    one, again, other = (
        list(film(photo, seed=seed, duration_s=0.2, rate=Fraction(10), size_px=160, models=models))
        for seed in (1, 1, 2)
    )
    assert [time_s for time_s, _ in one] == [0.0, 0.1]
    assert np.array_equal(one[1][1], again[1][1])
    assert not np.array_equal(one[1][1], other[1][1])


def test_a_photograph_without_a_face_is_refused(models: FaceModels) -> None:
    with pytest.raises(FaceSetError, match="no face"):
        next(film(np.zeros((200, 200, 3), np.uint8), seed=1, models=models))


def test_motion_does_not_depend_on_the_frame_rate() -> None:
    slow, fast = draw_moments(4, 8.0, Fraction(10)), draw_moments(4, 8.0, Fraction(30))
    for at_slow, at_fast in zip(slow, fast[::3], strict=True):
        for name in ("yaw_deg", "mouth", "blink", "light"):
            assert getattr(at_slow, name) == pytest.approx(getattr(at_fast, name), abs=1e-9)


def test_twenty_seconds_show_the_head_from_both_sides_with_an_open_and_a_shut_mouth() -> None:
    for seed in range(5):
        moments = draw_moments(seed, 20.0)
        yaw = [moment.yaw_deg for moment in moments]
        mouth = [moment.mouth for moment in moments]
        assert max(map(abs, yaw)) <= MOST_YAW_DEG
        assert min(yaw) < -18
        assert max(yaw) > 18
        assert min(mouth) < 0.02
        assert max(mouth) > 0.15
        assert max(moment.blink for moment in moments) > 0.9
