"""What texts are about, without a model and in every language: words that occur together, and who shares them.

Texts are weighted words (tf-idf: Salton and Buckley 1988) brought down to a few dimensions by latent semantic analysis
(Deerwester et al. 1990; its decomposition randomised as by Halko, Martinsson and Tropp 2011), and put into groups by
spherical k-means (Dhillon and Modha 2001). The number of groups is the one with the best silhouette (Rousseeuw 1987),
taken to the centres instead of to every other text.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy
import numpy.typing as npt

from localft.data.texts.normalising import normalise

# Scripts without spaces between words: pairs of their signs stand for words.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_MOST_WORDS = 200
_VOCABULARY = 1_500
_RAREST, _COMMONEST = 0.004, 0.5
_DIMENSIONS = 24
_COUNTS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20)
MOST = _COUNTS[-1]
"""So many topics are told apart at most."""

# So many texts at least for each group, on average.
_SMALLEST = 25
_ROUNDS, _TRIES = 12, 3
_WORTH = 0.01
_SEED = 42
# Below this silhouette there are no groups to speak of.
_DISTINCT = 0.3
_KEYWORDS = 4

Matrix = npt.NDArray[numpy.float32]


@dataclass(frozen=True)
class Topic:
    """Texts about the same: the words that tell them from others, and their positions, the most typical ones first."""

    words: tuple[str, ...]
    members: tuple[int, ...]


@dataclass(frozen=True)
class Topics:
    """The topics of texts, the largest first; `alone` counts texts that have no word in common
    with enough others, and not with most.

    `effective` is how many topics of equal size would be as varied: e to the power of the entropy of their shares.
    """

    groups: tuple[Topic, ...]
    alone: int
    effective: float


def words_of(text: str) -> list[str]:
    """The first words of a text in lower case; of scripts without spaces pairs of signs."""
    words: list[str] = []
    for word in normalise(text[: 16 * _MOST_WORDS]).split()[:_MOST_WORDS]:
        if word.isascii() or not _UNSPACED.search(word):
            words.append(word)
            continue
        for run in _UNSPACED.findall(word):
            words.extend(run[start : start + 2] for start in range(max(1, len(run) - 1)))
        words.extend(_UNSPACED.sub(" ", word).split())
    return words


def find_topics(texts: Sequence[str]) -> Topics:
    """Group texts by what they are about. The same texts in the same order give the same groups."""
    bags = [frozenset(words_of(text)) for text in texts]
    vocabulary = _vocabulary(bags)
    weights = _weighted(bags, vocabulary)
    placed = numpy.flatnonzero(weights.any(axis=1))
    alone = len(texts) - len(placed)
    if not len(placed):
        return Topics((), alone, 0.0)
    points = _reduced(weights[placed])
    labels = _grouped(points)
    groups = []
    for label in range(labels.max() + 1):
        inside = numpy.flatnonzero(labels == label)
        if not len(inside):
            continue
        centre = points[inside].sum(axis=0)
        typical = inside[numpy.argsort(-(points[inside] @ centre), kind="stable")]
        words = _telling(weights[placed], labels == label, vocabulary)
        groups.append(Topic(words, tuple(placed[typical].tolist())))
    groups.sort(key=lambda group: -len(group.members))
    shares = [len(group.members) / len(placed) for group in groups]
    return Topics(tuple(groups), alone, math.exp(-sum(share * math.log(share) for share in shares)))


def _vocabulary(bags: Sequence[frozenset[str]]) -> list[str]:
    """Words that several texts share, and not most of them."""
    counts = Counter(word for bag in bags for word in bag)
    fewest, most = max(2, _RAREST * len(bags)), _COMMONEST * len(bags)
    fit = [word for word, count in counts.items() if fewest <= count <= most and not word.isdigit() and len(word) > 1]
    # The commonest of these: they are what groups can be told by. Equal ones by the alphabet, as sets have no order.
    return sorted(fit, key=lambda word: (-counts[word], word))[:_VOCABULARY]


def _weighted(bags: Sequence[frozenset[str]], vocabulary: Sequence[str]) -> Matrix:
    """[texts, words]: the rarer a word, the heavier; each row of length 1, or 0 where it has none of the words."""
    places = {word: place for place, word in enumerate(vocabulary)}
    found = [[places[word] for word in bag if word in places] for bag in bags]
    rows = numpy.repeat(numpy.arange(len(bags)), [len(row) for row in found])
    columns = numpy.fromiter((place for row in found for place in row), dtype=numpy.int64, count=len(rows))
    counts = numpy.bincount(columns, minlength=len(vocabulary))
    weights = numpy.zeros((len(bags), len(vocabulary)), dtype=numpy.float32)
    weights[rows, columns] = numpy.log(1 + len(bags) / numpy.maximum(1, counts))[columns]
    return _of_length_one(weights)


def _of_length_one(rows: Matrix) -> Matrix:
    lengths = numpy.linalg.norm(rows, axis=1, keepdims=True)
    return rows / numpy.maximum(lengths, numpy.float32(1e-12))


def _reduced(weights: Matrix) -> Matrix:
    """[texts, dimensions]: where texts differ most, each row of length 1."""
    dimensions = min(_DIMENSIONS, *weights.shape)
    random = numpy.random.default_rng(_SEED)
    basis = random.standard_normal((weights.shape[1], dimensions + 8), dtype=numpy.float32)
    for _ in range(3):
        basis, _ = numpy.linalg.qr(weights.T @ (weights @ basis))
    left, sizes, _ = numpy.linalg.svd(weights @ basis, full_matrices=False)
    return _of_length_one((left * sizes)[:, :dimensions].astype(numpy.float32))


def _grouped(points: Matrix) -> npt.NDArray[numpy.int64]:
    """The group of each point, in the number of groups that separates them best; all in one where none does."""
    best, chosen = _DISTINCT, numpy.zeros(len(points), dtype=numpy.int64)
    for count in _COUNTS:
        if _SMALLEST * count > len(points):
            break
        tries = [_k_means(points, count, _SEED + number) for number in range(_TRIES)]
        qualities = [_silhouette(points, labels, centres) for labels, centres in tries]
        # A further group has to be worth it.
        if max(qualities) > best + _WORTH:
            best = max(qualities)
            chosen = tries[qualities.index(best)][0]
    return chosen


def _k_means(points: Matrix, count: int, seed: int) -> tuple[npt.NDArray[numpy.int64], Matrix]:
    centres = _far_apart(points, count, seed)
    labels = (points @ centres.T).argmax(axis=1)
    for _ in range(_ROUNDS):
        sums = numpy.zeros_like(centres)
        numpy.add.at(sums, labels, points)
        # A group that became empty keeps its centre.
        centres = numpy.where(sums.any(axis=1, keepdims=True), _of_length_one(sums), centres)
        moved = (points @ centres.T).argmax(axis=1)
        if (moved == labels).all():
            break
        labels = moved
    return labels, centres


def _far_apart(points: Matrix, count: int, seed: int) -> Matrix:
    """Points to begin with, each drawn with a chance that grows with its distance to those before (k-means++)."""
    random = numpy.random.default_rng(seed)
    chosen = [int(random.integers(len(points)))]
    nearest = points @ points[chosen[0]]
    while len(chosen) < count:
        distances = numpy.maximum(0, 1 - nearest).astype(numpy.float64)
        total = distances.sum()
        place = int(random.choice(len(points), p=distances / total)) if total > 0 else len(chosen)
        chosen.append(place)
        nearest = numpy.maximum(nearest, points @ points[place])
    return points[chosen]


def _silhouette(points: Matrix, labels: npt.NDArray[numpy.int64], centres: Matrix) -> float:
    distances = 1 - points @ centres.T
    own = distances[numpy.arange(len(points)), labels]
    distances[numpy.arange(len(points)), labels] = numpy.inf
    other = distances.min(axis=1)
    return float(((other - own) / numpy.maximum(numpy.maximum(own, other), 1e-9)).mean())


def _telling(weights: Matrix, inside: npt.NDArray[numpy.bool_], vocabulary: Sequence[str]) -> tuple[str, ...]:
    """The words that are commoner in a group than elsewhere."""
    within = weights[inside].mean(axis=0)
    elsewhere = weights[~inside].mean(axis=0) if not inside.all() else numpy.zeros_like(within)
    order = numpy.argsort(-(within - elsewhere), kind="stable").tolist()
    words = [vocabulary[place] for place in order[: 5 * _KEYWORDS] if within[place] > elsewhere[place]]
    # Short words hold sentences together, in most languages with an alphabet.
    long = [word for word in words if len(word) > 3 or not word.isascii()]
    return tuple((long if len(long) >= 2 else words)[:_KEYWORDS])
