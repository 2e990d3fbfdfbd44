"""Workflow files of Scipion among the shared data."""

FILES = (
    "demo.json.template",
    "facility_SPA_streaming.json.template",
    "scilifelab_generic_workflow.json",
    "workflow_betagal1.json",
    "workflow_tutorial_intro.json",
)
