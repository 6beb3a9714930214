"""Score runs and what they leave in the graph: influence scores and chains, with a pointer to the current run."""

from typing import LiteralString

from graph.model.declarations import Node, Property, PropertyType

SCORE_RUN = Node(
    "ScoreRun",
    Property("run_id", PropertyType.STRING, "The run's id."),
    (
        Property("kind", PropertyType.STRING, "influence, chains, affinity or centrality.", indexed=True),
        Property("scope", PropertyType.STRING, "The data set that was scored, or * for all."),
        Property("algorithm", PropertyType.STRING, "Name of the algorithm."),
        Property("algorithm_version", PropertyType.INTEGER, "Grows when the same input would give another score."),
        Property("engine", PropertyType.STRING, "Which engine computed it."),
        Property("parameters", PropertyType.STRING, "The parameters as a JSON object."),
        Property("seed", PropertyType.INTEGER, "Seed of the random numbers."),
        Property("log_version", PropertyType.INTEGER, "The version of the log that was read."),
        Property("as_of", PropertyType.DATETIME, "The time of the newest event that was read."),
        Property("started_at", PropertyType.DATETIME, "When the run started.", indexed=True),
        Property("finished_at", PropertyType.DATETIME, "When it ended; absent while it runs."),
        Property("state", PropertyType.STRING, "running, succeeded or failed."),
        Property("failure", PropertyType.STRING, "Why it failed, in one line."),
        Property("event_count", PropertyType.INTEGER, "How many events were read."),
        Property("customer_count", PropertyType.INTEGER, "How many customers were scored."),
        Property("tie_count", PropertyType.INTEGER, "How many ties, or pairs of steps, were weighed."),
    ),
    "One computation of scores, with all that is needed to repeat it.",
)

CURRENT_RUN = Node(
    "CurrentRun",
    Property("pointer_id", PropertyType.STRING, "kind and scope, joined by |."),
    (
        Property("kind", PropertyType.STRING, "influence, chains, affinity or centrality.", indexed=True),
        Property("scope", PropertyType.STRING, "The data set, or * for all."),
        Property("run_id", PropertyType.STRING, "The run that counts now."),
    ),
    "Which run of a kind and scope readers see: one property, so that it changes in one step.",
)

INFLUENCE_FIGURES: tuple[LiteralString, ...] = (
    "spread", "spread_low", "spread_high", "revenue", "revenue_low", "revenue_high", "credited_direct_cents",
    "credited_downstream_cents", "direct_referrals", "downstream", "rank", "percentile",
)  # fmt: skip
"""What the figures of an influence score are, in their order."""
FIGURES = Property(
    "figures",
    PropertyType.STRING,
    "spread to percentile once more, in this order, as one JSON list: a thousand scores are read by it. Absent in runs "
    "of before.",
)
INFLUENCE_SCORE = Node(
    "InfluenceScore",
    Property("score_id", PropertyType.STRING, "run and customer, joined by |."),
    (
        Property("run_id", PropertyType.STRING, "The run that made it.", indexed=True),
        Property("customer_id", PropertyType.STRING, "Whose score it is.", indexed=True),
        Property("spread", PropertyType.FLOAT, "Expected number of others moved."),
        Property("spread_low", PropertyType.FLOAT, "Lower end of its 95 % interval."),
        Property("spread_high", PropertyType.FLOAT, "Upper end of its 95 % interval."),
        Property("revenue", PropertyType.FLOAT, "Expected revenue moved, in units of the currency."),
        Property("revenue_low", PropertyType.FLOAT, "Lower end of its 95 % interval."),
        Property("revenue_high", PropertyType.FLOAT, "Upper end of its 95 % interval."),
        Property("credited_direct_cents", PropertyType.CENTS, "Revenue of those brought directly, as credited."),
        Property("credited_downstream_cents", PropertyType.CENTS, "Revenue credited from further down."),
        Property("direct_referrals", PropertyType.INTEGER, "How many the customer brought."),
        Property("downstream", PropertyType.INTEGER, "How many came directly or through others, at any depth."),
        Property("rank", PropertyType.INTEGER, "1 for the highest spread; equals are ordered by customer id."),
        Property("percentile", PropertyType.FLOAT, "Share of scored customers with a lower spread, 0 to 100."),
        Property("paths", PropertyType.STRING, "The strongest paths, as a JSON list of {customers, probability}."),
        FIGURES,
    ),
    "A customer's influence as one run saw it.",
)
CENTRALITY_SCORE = Node(
    "CentralityScore",
    Property("score_id", PropertyType.STRING, "run and customer, joined by |."),
    (
        Property("run_id", PropertyType.STRING, "The run that made it.", indexed=True),
        Property("customer_id", PropertyType.STRING, "Whose score it is.", indexed=True),
        Property("page_rank", PropertyType.FLOAT, "PageRank among who follows whose shares; adds up to 1 in a run."),
        Property("nearness", PropertyType.FLOAT, "PageRank around the customers that the run names; 0 without any."),
        Property("hub", PropertyType.FLOAT, "HITS: follows good authorities; adds up to 1 in a run."),
        Property("authority", PropertyType.FLOAT, "HITS: followed by good hubs; adds up to 1 in a run."),
        Property("core", PropertyType.INTEGER, "Largest k such that the customer is among people with k of them each."),
        Property("community", PropertyType.INTEGER, "Leiden's community in this run, from 0, the largest first."),
        Property("community_size", PropertyType.INTEGER, "How many customers that community has."),
        Property("rank", PropertyType.INTEGER, "1 for the highest PageRank; equals are ordered by customer id."),
    ),
    "A customer's place among who follows whose shares, as one run saw it.",
)

CHAIN = Node(
    "Chain",
    Property("chain_id", PropertyType.STRING, "run and rank of the chain, joined by |."),
    (
        Property("run_id", PropertyType.STRING, "The run that found it.", indexed=True),
        Property("rank", PropertyType.INTEGER, "1 for the strongest of its run: lowest q, then highest lift."),
        Property("step_count", PropertyType.INTEGER, "How many steps it has, 2 to 5."),
        Property(
            "steps",
            PropertyType.STRING,
            "All steps in order, as a JSON list of {behaviour, category_id, start_minute, end_minute, day_kind, gap}: "
            "the gap is that to the next step, null at the last one; the category of a step without a product is null.",
        ),
        Property("behaviours", PropertyType.STRINGS, "What is done in every step, in order: purchase, view …"),
        Property("categories", PropertyType.STRINGS, "The category of every step that has one, in order."),
        Property("first_behaviour", PropertyType.STRING, "What is done in the first step."),
        Property("first_category_id", PropertyType.STRING, "Category of the first step, if any.", indexed=True),
        Property("first_start_minute", PropertyType.INTEGER, "Start of its slot: minute of the day, inclusive."),
        Property("first_end_minute", PropertyType.INTEGER, "End of its slot: minute of the day, exclusive."),
        Property("first_day_kind", PropertyType.STRING, "any, weekday, weekend or holiday."),
        Property("then_behaviour", PropertyType.STRING, "What is done in the last step."),
        Property("then_category_id", PropertyType.STRING, "Category of the last step, if any."),
        Property("then_start_minute", PropertyType.INTEGER, "Start of its slot, inclusive."),
        Property("then_end_minute", PropertyType.INTEGER, "End of its slot, exclusive."),
        Property("then_day_kind", PropertyType.STRING, "any, weekday, weekend or holiday."),
        Property(
            "gap",
            PropertyType.STRING,
            "Of the last two steps: next_day, within_week, 2-4_days, 1-6_hours …",
        ),
        Property("customers", PropertyType.INTEGER, "How many customers went through it."),
        Property("occurrences", PropertyType.INTEGER, "How many times it was gone through."),
        Property("support", PropertyType.FLOAT, "customers over all customers that were read, 0 to 1."),
        Property("confidence", PropertyType.FLOAT, "Share of what leads up to the last step that it followed, 0 to 1."),
        Property(
            "leverage",
            PropertyType.FLOAT,
            "Occurrences beyond what the rhythm would give, over all customer-days (or visits) that were compared.",
        ),
        Property(
            "median_gap_minutes",
            PropertyType.FLOAT,
            "Half of the occurrences took no longer from the last step but one to the last.",
        ),
        Property(
            "revenue_cents",
            PropertyType.CENTS,
            "What was paid for the last step's category where it followed, each payment once; absent where the last "
            "step is no purchase.",
        ),
        Property(
            "closed",
            PropertyType.BOOLEAN,
            "Whether no longer confirmed chain of the run that contains it has as many customers; absent for scopes.",
        ),
        Property("lift", PropertyType.FLOAT, "Confidence over what the customers' own rhythm would give."),
        Property("lift_low", PropertyType.FLOAT, "Lower end of the lift's 95 % interval."),
        Property("lift_high", PropertyType.FLOAT, "Upper end of the lift's 95 % interval."),
        Property(
            "suffix_lift", PropertyType.FLOAT, "Lift of the last step after the one before it alone; absent for pairs."
        ),
        Property(
            "new", PropertyType.BOOLEAN, "Whether it says more than its last two steps alone; true for every pair."
        ),
        Property("p_value", PropertyType.FLOAT, "Against the null that keeps each customer's own rhythm."),
        Property("q_value", PropertyType.FLOAT, "Benjamini-Hochberg over everything of as many steps that was tried."),
        Property(
            "held",
            PropertyType.BOOLEAN,
            "Whether it was found in the log's earlier half and again in the later one; absent where not looked at.",
        ),
        Property("scope_kind", PropertyType.STRING, "everywhere, district, store, segment or channel."),
        Property("scope_key", PropertyType.STRING, "Which one; absent for everywhere."),
        Property("rest_lift", PropertyType.FLOAT, "Lift among the customers outside the scope; absent for everywhere."),
        Property("difference_q_value", PropertyType.FLOAT, "q of the scope's lift being that of the rest; absent too."),
        Property(
            "then_mean_cents", PropertyType.FLOAT, "Mean paid for the last step's category in an order of its slot."
        ),
    ),
    "Two to five steps of category, slot and kind of day that follow each other more often than the customers' rhythm "
    "says.",
)
