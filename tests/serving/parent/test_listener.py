import socket

from serving.parent.listener import has_queue, listen


def test_queue_is_seen_until_it_is_accepted() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert not has_queue(listener)
        with socket.create_connection(listener.getsockname()[:2], 60):
            assert has_queue(listener)
            accepted, _ = listener.accept()
            accepted.close()
            assert not has_queue(listener)
