"""Nothing leaves this machine unasked: the telemetry of every library is switched off before it is imported."""

import os

_SWITCHES = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "DO_NOT_TRACK": "1",
    "WANDB_MODE": "disabled",
    "TRACKIO_DISABLED": "1",
    "COMET_MODE": "disabled",
    "ANONYMIZED_TELEMETRY": "False",
    "OTEL_SDK_DISABLED": "true",
}


def switch_telemetry_off() -> None:
    """Set the environment variables by which libraries are told not to report; children inherit them."""
    os.environ.update(_SWITCHES)
