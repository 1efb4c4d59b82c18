"""Which examples are learned, which choose the best, and which measure: splits, golden questions, and the seal.

What is asked once more must not be learned here and measured with there. Prompts that are nearly equal as a whole are
found by `splitting.near_among`. What it cannot see, since more is said around the question, three searches look for:

- `asked_within.asked_within`: a question that is nearly one turn of a longer conversation, or stands there with words
  around it that ask nothing ("Please answer: ..."). However short; compared as near texts are (`texts.near`).
- `said_within.said_within`: a question of five words or more that stands word for word in what a user says among other
  words, or in plain text. Compared by the rarest run of its words (`texts.standing`).
- `texts.containing.holding`, which `golden` asks: the same for the golden questions, in system texts too. These are
  few, and each is looked for by itself.

The first two compare all examples with all, in time that goes with the number of words. They serve dividing
(`splitting`), what was held out before (`holding_out`) and the check of leaks; the third serves whatever is to be
learned. What too many examples ask is a form that they follow, and no question of its own: in dividing and checking
from a hundredth of all on (and more than ten), for what is held out or golden from a quarter on (and more than fifty).
All compare words as `texts.normalising` has them; in scripts without spaces each sign is one (`texts.unspaced`).
"""
