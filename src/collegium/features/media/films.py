"""The films of the demonstration: what is shown and said in each. `synth` makes videos of them."""

from __future__ import annotations

import msgspec

from collegium.features.media.model import Figure, Scene


class Film(msgspec.Struct, frozen=True):
    """A short lesson as scenes."""

    title: str
    scenes: tuple[Scene, ...]


_STEPS = ("Read the reason", "Gather the evidence", "Write the appeal", "Ask for outside review")

DENIED_CLAIM = Film(
    "The anatomy of a denied claim",
    (
        Scene(
            title="The anatomy of a denied claim",
            kicker="Health insurance",
            lines=("How an appeal works, in four steps",),
            narration="A denied claim is not the end of the road. Let us take one apart, and see how an appeal works.",
            seconds=7.0,
            figure=Figure("stamp", ("DENIED",), title="Claim for payment"),
            opening=True,
        ),
        Scene(
            title="What the notice must say",
            kicker="The notice",
            lines=("The reason, with its code", "The rule in the plan behind it", "How to appeal, and until when"),
            narration=(
                "Every denial comes with a notice. It must give the reason, the rule in the plan that it rests on, "
                "and the time there is to appeal."
            ),
            seconds=9.0,
            figure=Figure("letter", ("Reason: CO-197", "Plan, section 4.2", "180 days"), title="Notice of denial"),
        ),
        Scene(
            title="Four steps, in order",
            kicker="The way ahead",
            lines=("Each step answers one question", "Many appeals end with the third"),
            narration=(
                "An appeal has four steps: read the reason, gather the evidence, write the appeal and, "
                "if need be, ask for an outside review."
            ),
            seconds=8.4,
            figure=Figure("steps", _STEPS),
        ),
        Scene(
            title="Read the reason",
            kicker="Step 1 of 4",
            lines=("Not covered, or not shown to be covered?", "Hold the code against the plan’s words"),
            narration=(
                "First, read the reason. In this practice file most denials do not say never. "
                "They say that something was missing, and that can be put right."
            ),
            seconds=9.0,
            figure=Figure(
                "bars",
                ("Information missing", "No prior approval", "Not covered", "Other reasons"),
                (42, 27, 19, 12),
                "A practice file of 100 denials",
            ),
        ),
        Scene(
            title="Gather the evidence",
            kicker="Step 2 of 4",
            lines=("The whole claim file, free of charge", "A letter that answers the plan’s own test"),
            narration=(
                "Second, gather the evidence. The member may have the whole claim file, free of charge, "
                "and the doctor’s letter should answer the plan’s own test."
            ),
            seconds=9.0,
            figure=Figure(
                "checklist",
                ("Notice of denial", "Plan document", "Clinical notes", "Letter from the doctor"),
                title="The file",
            ),
        ),
        Scene(
            title="Write the appeal",
            kicker="Step 3 of 4",
            lines=("Name the claim and its code", "Answer each reason in turn", "Say what should be paid"),
            narration=(
                "Third, write the appeal. Name the claim, answer each reason in turn, "
                "and say plainly what should be paid."
            ),
            seconds=8.0,
            figure=Figure("letter", ("Claim 20-4417", "CO-197, answered", "Please pay $1,840"), title="Appeal"),
        ),
        Scene(
            title="Mind the clock",
            kicker="Deadlines",
            lines=("180 days to appeal", "A decision in 30 or 60 days", "72 hours when care is urgent"),
            narration=(
                "Mind the clock. There are one hundred and eighty days to appeal, and thirty or sixty for the plan "
                "to decide. When care is urgent, seventy-two hours."
            ),
            seconds=9.0,
            figure=Figure("clock", ("days",), (180,), "from the day the notice arrives"),
        ),
        Scene(
            title="Ask for an outside review",
            kicker="Step 4 of 4",
            lines=("Within four months of the final no", "The decision binds the plan"),
            narration=(
                "Fourth, if the plan still says no, ask for an outside review. "
                "An independent reviewer decides, and the decision binds the plan."
            ),
            seconds=8.0,
            figure=Figure("flow", ("Member", "Independent reviewer", "Health plan")),
        ),
        Scene(
            title="Read, gather, write, ask",
            kicker="To take with you",
            lines=("Short, complete and on time",),
            narration="Read, gather, write, ask. A good appeal is short, complete and on time.",
            seconds=6.5,
            figure=Figure(
                "timeline",
                ("Read|the reason and its code", "Gather|the file and the evidence", "Write|one answer to each reason",
                 "Ask|an independent reviewer"),
            ),
        ),
    ),
)  # fmt: skip

WHO_PAYS = Film(
    "Who pays what",
    (
        Scene(
            title="Who pays what",
            kicker="Health insurance",
            lines=("Three words that decide it",),
            narration="Three words decide who pays a medical bill. Here they are, in the order in which they count.",
            seconds=6.0,
            figure=Figure("steps", ("Deductible", "Coinsurance", "Out-of-pocket limit")),
            opening=True,
        ),
        Scene(
            title="One year, three parts",
            kicker="An example",
            lines=("First the member pays alone", "Then both pay, in shares", "Then the plan pays alone"),
            narration=(
                "The first two thousand dollars are the member’s own. Of the next fifteen thousand the plan pays "
                "four fifths. After that the plan pays everything."
            ),
            seconds=9.5,
            figure=Figure(
                "shares",
                ("The first $2,000", "The next $15,000", "What follows, here $10,000"),
                (0, 2000, 12000, 3000, 10000, 0),
            ),
        ),
        Scene(
            title="The limit ends it",
            kicker="The same example",
            lines=("$2,000 deductible", "$3,000 in shares of 20 %", "Nothing more until January"),
            narration="Two thousand and three thousand make five: the most that this member pays in one year.",
            seconds=7.5,
            figure=Figure("clock", ("dollars a year",), (5000,), "the out-of-pocket limit of this plan"),
        ),
    ),
)

TWO_PLANS = Film(
    "Two plans, one bill",
    (
        Scene(
            title="Two plans,\none bill",
            kicker="Coordination of benefits",
            lines=("Which pays first, what the other adds",),
            narration="Some members have two plans. The rules say which one pays first, and what the other adds.",
            seconds=6.0,
            figure=Figure("flow", ("The bill", "Second plan", "First plan")),
            opening=True,
        ),
        Scene(
            title="Which plan comes first?",
            kicker="The rules, in order",
            lines=("Take the first rule that fits", "For children: the earlier birthday"),
            narration=(
                "Take the first rule that fits. One’s own plan comes before a spouse’s, and for children "
                "the parent whose birthday falls earlier in the year."
            ),
            seconds=9.0,
            figure=Figure(
                "checklist",
                ("Own plan before a spouse’s", "Earlier birthday for children", "Working before retired",
                 "Longer cover before shorter"),
                title="Order of the rules",
            ),
        ),
        Scene(
            title="Never more\nthan the bill",
            kicker="An example",
            lines=("The first plan pays as if alone", "The second fills what is left", "Nobody is paid twice"),
            narration=(
                "Of a bill of one thousand dollars the first plan pays eight hundred. The second adds one hundred "
                "and fifty. Together they never pay more than the bill."
            ),
            seconds=9.0,
            figure=Figure(
                "shares",
                ("With the first plan only", "With both plans"),
                (800, 200, 950, 50),
            ),
        ),
    ),
)  # fmt: skip

FILMS: dict[str, Film] = {"denied-claim": DENIED_CLAIM, "who-pays-what": WHO_PAYS, "two-plans": TWO_PLANS}
