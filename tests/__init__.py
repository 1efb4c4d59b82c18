"""Tests in tiers: unit, integration, browser, gpu; `python -m tests.check` runs them all."""
