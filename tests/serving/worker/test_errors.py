"""How faults of a request are told."""

from starlette.testclient import TestClient


def test_request_that_is_all_faults_is_told_of_the_first_fifty(client: TestClient) -> None:
    faults = {f"movie {number}": 9 for number in range(1000)}
    answer = client.post("/recommend", json={"user_ratings": faults})
    detail = answer.json()["detail"]
    assert (answer.status_code, len(detail)) == (422, 51)
    assert detail[0]["loc"][:2] == ["body", "user_ratings"]
    assert detail[-1] == {"loc": ["body"], "msg": "1950 more faults are not listed", "type": "more_faults"}
