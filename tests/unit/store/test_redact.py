"""A person's id goes out of JSON and text; what only looks like it stays."""

from core.store.redact import redacted, redacted_text

ANN = 123456789


def test_every_form_of_the_id_goes_and_everything_else_stays() -> None:
    stored = {
        "user_id": ANN,
        "again": [str(ANN), {"deep": ANN}, 1234567890, 12345678],
        "text": f"said <@{ANN}> and <@!{ANN}> and {ANN}, not 1{ANN} or {ANN}0",
        "flag": True,
        "none": None,
        str(ANN): 0.5,
    }

    assert redacted(stored, ANN) == {
        "user_id": None,
        "again": [None, {"deep": None}, 1234567890, 12345678],
        "text": f"said … and … and …, not 1{ANN} or {ANN}0",
        "flag": True,
        "none": None,
        "…": 0.5,
    }
    assert stored["user_id"] == ANN


def test_truth_is_no_id() -> None:
    assert redacted({"yes": True, "no": False, "n": 1}, 1) == {"yes": True, "no": False, "n": None}


def test_a_text_without_the_id_is_the_same_text() -> None:
    assert redacted_text("seen at 12:30", ANN) == "seen at 12:30"
