from utils.scheduling.chunking import next_chunk


def handed_out(weights: list[float], workers: int, at_least: int) -> list[list[int]]:
    rest = [(number, weight) for number, weight in enumerate(weights)]
    chunks = []
    while rest:
        chunks.append(next_chunk(rest, workers, at_least))
        rest = rest[len(chunks[-1]) :]
    return chunks


def test_everything_is_handed_out_once_and_in_order() -> None:
    chunks = handed_out([1.0] * 50, workers=4, at_least=2)
    assert [one for chunk in chunks for one in chunk] == list(range(50))


def test_chunks_shrink_so_that_nobody_waits_long_at_the_end() -> None:
    sizes = [len(chunk) for chunk in handed_out([1.0] * 60, workers=3, at_least=2)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 20
    assert sizes[-1] <= 2


def test_a_worker_gets_as_many_items_as_it_has_in_work_at_once() -> None:
    assert all(len(chunk) == 3 for chunk in handed_out([1.0] * 9, workers=8, at_least=3))


def test_a_large_item_does_not_wait_behind_others_of_its_chunk() -> None:
    chunks = handed_out([1.0] * 20 + [40.0, 40.0], workers=2, at_least=1)
    assert chunks[-2:] == [[20], [21]]


def test_works_of_unknown_weight_and_no_worker_still_go_out() -> None:
    assert handed_out([0.0, 0.0], workers=0, at_least=1) == [[0, 1]]
