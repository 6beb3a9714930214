"""How far the graph has followed the log."""

from graph.model.declarations import Node, Property, PropertyType

PROJECTION = Node(
    "Projection",
    Property("projection_id", PropertyType.STRING, "Always `graph`."),
    (
        Property("log_version", PropertyType.INTEGER, "The log is projected up to and with this version."),
        Property("target_version", PropertyType.INTEGER, "The version that a run under way is projecting up to."),
        Property("steps_done", PropertyType.INTEGER, "How many of that run's batches are in."),
        Property("plan", PropertyType.STRING, "Hash of how that run is cut into batches: another plan starts anew."),
        Property("indexes", PropertyType.STRING, "Hash of the constraints and indexes that the graph was given."),
    ),
    "The projector's checkpoint: written in the same transaction as the data.",
)
