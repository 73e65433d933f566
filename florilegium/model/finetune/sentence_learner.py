"""One training of a sentence encoder and its head: pairs, steps, running average. Path: features -> **model.finetune**.

Two losses at once: the head's cross-entropy, and a contrast that draws texts of one class together and pushes others
apart, as in SetFit, with all pairs of a batch at once. Sees training texts, and answers held-out ones; chooses nothing.
Source: Tunstall et al. (2022), Efficient few-shot learning without prompts; Khosla et al. (2020), Supervised
contrastive learning, NeurIPS, equation 2; Gunel et al. (2021), ICLR (both losses together).
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor

from florilegium.features.sentences import TOKEN_IDS, TOKEN_MASK, SentenceEncoder
from florilegium.features.sentences.tokens import padded_tokens
from florilegium.model.finetune import pairs
from florilegium.model.finetune.averaged import Averaged
from florilegium.model.finetune.network import GraphNetwork
from florilegium.model.finetune.runs import RowLearner
from florilegium.model.finetune.sentence_plan import SentencePlan
from florilegium.model.weights import Linear
from florilegium.types import Floats, Ints, Vectors

ANSWER_BATCH = 64
HIDDEN_BELOW = -1e9

Tokens = Sequence[Sequence[int]]  # per text the numbers of its tokens, at least one


class SentenceLearner(Averaged, RowLearner):
    """A sentence encoder with a linear head, on one device."""

    def __init__(
        self, encoder: SentenceEncoder, tokens: Tokens, y: Ints, head: Linear, plan: SentencePlan, *, device: str
    ) -> None:
        """Put network and head on the device, with the frozen model's head as the start.

        Args: tokens: of n texts.  y: (n,) classes 0..k-1.  head: (d, k) on embeddings.  device: "cpu" or "cuda".
        """
        network = GraphNetwork(encoder.trunk, name=encoder.name)
        super().__init__(
            network,
            head,
            rates=[plan.body_rate] * len(network.learned),
            head_rate=plan.head_rate,
            weight_decay=plan.weight_decay,
            averaging=plan.averaging,
            device=device,
        )
        self.plan, self.tokens, self.y = plan, tokens, y

    def n_steps(self, rows: Ints) -> int:
        """Give the steps of one epoch on these rows, at least 1."""
        return max(1, 2 * self.plan.n_pairs(len(rows)) // self.plan.batch)

    def epoch(self, rows: Ints, epoch: int, heard: Callable[[int], None]) -> float:
        """Take the steps of one epoch; give their mean loss."""
        n_steps, plan = self.n_steps(rows), self.plan
        _, y = np.unique(self.y[rows], return_inverse=True)
        drawn = rows[pairs.order(y, n_pairs=plan.n_pairs(len(rows)), seed=plan.seed, epoch=epoch)]
        lengths = np.array([len(self.tokens[row]) for row in drawn])
        drawn = pairs.alike_in_length(drawn, lengths, batch=plan.batch, seed=plan.seed, epoch=epoch)
        total = 0.0
        for number in range(n_steps):
            at = epoch * n_steps + number
            some = drawn[number * plan.batch : (number + 1) * plan.batch]
            total += self.step(some, at=at, n_steps=plan.epochs * n_steps)
            heard(at + 1)
        return total / n_steps

    def step(self, rows: Ints, *, at: int, n_steps: int) -> float:
        """Take one step on some rows (b,); give its loss."""
        share = self.plan.rate_at(at, n_steps)
        return self.take_step(lambda: self._gradients(rows, at), at=at, share=share)

    def _gradients(self, rows: Ints, at: int) -> float:
        """Fill the gradients of both losses; give their sum."""
        vectors = self._vectors(rows, rng=np.random.default_rng([self.plan.seed, at, 8]))
        y = torch.from_numpy(self.y[rows]).to(self.device)
        loss = F.cross_entropy(self.head(vectors), y, label_smoothing=self.plan.smoothing)
        if self.plan.contrast:
            loss = loss + self.plan.contrast * contrast(vectors, y, heat=self.plan.heat)
        loss.backward()  # type: ignore[no-untyped-call]  # the library has no types here
        return float(loss.item())

    def _vectors(self, rows: Ints, *, rng: np.random.Generator | None = None) -> Tensor:
        """Give the embeddings (b, d) of some rows; with `rng` some tokens in their middle are not seen."""
        ids, mask = padded_tokens([self.tokens[row] for row in rows])
        if rng is not None and self.plan.dropped:
            inner = np.arange(ids.shape[1])[None, :] < mask.sum(axis=1, keepdims=True) - 1  # the last token stays
            inner[:, 0] = False  # and the first: both mark the text's ends
            mask = mask * ~(inner & (rng.random(ids.shape) < self.plan.dropped))
        given = {TOKEN_IDS: torch.from_numpy(ids), TOKEN_MASK: torch.from_numpy(mask)}
        made: Tensor = self.network({name: tensor.to(self.device) for name, tensor in given.items()})
        return made

    def answer(self, rows: Ints) -> Floats:
        """Give probabilities float64 (m, k) of the averaged weights."""
        found = np.zeros((len(rows), self.head.out_features))
        for places, vectors in self._embedded(rows):
            found[places] = self.head(vectors).double().softmax(1).cpu().numpy()
        return found

    def embed(self, rows: Ints) -> Vectors:
        """Give embeddings float32 (m, d) of the averaged weights."""
        found = np.zeros((len(rows), self.head.in_features), dtype=np.float32)
        for places, vectors in self._embedded(rows):
            found[places] = vectors.float().cpu().numpy()
        return found

    def _embedded(self, rows: Ints) -> Iterator[tuple[Ints, Tensor]]:
        """Give places and vectors, texts of like length together; head and network have their averages meanwhile."""
        by_length = np.argsort([-len(self.tokens[row]) for row in rows], kind="stable")
        with self.in_averages():
            for start in range(0, len(rows), ANSWER_BATCH):
                places = by_length[start : start + ANSWER_BATCH]
                with torch.no_grad():
                    yield places, self._vectors(rows[places])


def contrast(vectors: Tensor, y: Tensor, *, heat: float) -> Tensor:
    """Give the supervised contrastive loss of vectors (b, d) of classes y (b,): 0 where partners alone are near.

    >>> from torch import tensor
    >>> near, far = tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]), tensor([0, 0, 1, 1])
    >>> float(contrast(near, far, heat=0.1)) < 0.001 < 1 < float(contrast(near, tensor([0, 1, 0, 1]), heat=0.1))
    True
    """
    units = F.normalize(vectors.float(), dim=1)
    itself = torch.eye(len(y), dtype=torch.bool, device=y.device)
    scores = (units @ units.T / heat).masked_fill(itself, HIDDEN_BELOW)  # (b, b)
    logs = scores - scores.logsumexp(dim=1, keepdim=True)
    partners = (y[:, None] == y[None, :]) & ~itself
    n = partners.sum(1)
    mean = (logs * partners).sum(1) / n.clamp(min=1)
    return -mean[n > 0].mean() if bool((n > 0).any()) else logs.sum() * 0
