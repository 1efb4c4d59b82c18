"""The look of the app: a theme of neutral greys with one accent colour, and the stylesheet in assets."""

from pathlib import Path

import gradio as gr

from localft.assets import asset

_SYSTEM_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_FIXED_FONTS = ("ui-monospace", "SFMono-Regular", "Consolas", "Liberation Mono", "monospace")

_GREYS = gr.themes.Color(
    name="localft-grey",
    c50="#f7f8f9",
    c100="#eff1f3",
    c200="#dfe2e6",
    c300="#c6cbd2",
    c400="#9aa2ac",
    c500="#717a86",
    c600="#565f6b",
    c700="#3c434d",
    c800="#262b32",
    c900="#1a1e23",
    c950="#121519",
)
_ACCENT = gr.themes.Color(
    name="localft-accent",
    c50="#eef4fd",
    c100="#d9e6fb",
    c200="#b4cef7",
    c300="#86b1f1",
    c400="#5a93ea",
    c500="#2f74dd",
    c600="#1d5fc9",
    c700="#184ea6",
    c800="#163f84",
    c900="#15356b",
    c950="#0e2145",
)


class Theme(gr.themes.Base):
    """Calm neutral greys, one accent; light and dark are set side by side so that neither is an afterthought."""

    def __init__(self) -> None:
        super().__init__(
            primary_hue=_ACCENT,
            secondary_hue=_ACCENT,
            neutral_hue=_GREYS,
            spacing_size=gr.themes.sizes.spacing_md,
            radius_size=gr.themes.sizes.radius_md,
            text_size=gr.themes.sizes.text_md,
            font=_SYSTEM_FONTS,
            font_mono=_FIXED_FONTS,
        )
        self.name = "localft"
        self.set(
            body_background_fill="*neutral_50",
            body_background_fill_dark="*neutral_950",
            body_text_color="*neutral_900",
            body_text_color_dark="*neutral_100",
            body_text_color_subdued="*neutral_600",
            body_text_color_subdued_dark="*neutral_400",
            background_fill_primary="white",
            background_fill_primary_dark="*neutral_900",
            background_fill_secondary="*neutral_50",
            background_fill_secondary_dark="*neutral_950",
            border_color_primary="*neutral_200",
            border_color_primary_dark="*neutral_800",
            border_color_accent="*primary_600",
            border_color_accent_dark="*primary_400",
            color_accent="*primary_600",
            color_accent_soft="*primary_50",
            color_accent_soft_dark="*neutral_800",
            link_text_color="*primary_700",
            link_text_color_dark="*primary_300",
            link_text_color_hover="*primary_800",
            link_text_color_hover_dark="*primary_200",
            block_background_fill="white",
            block_background_fill_dark="*neutral_900",
            block_border_width="1px",
            block_border_color="*neutral_200",
            block_border_color_dark="*neutral_800",
            block_shadow="none",
            block_shadow_dark="none",
            block_info_text_color="*neutral_600",
            block_info_text_color_dark="*neutral_400",
            block_label_text_color="*neutral_700",
            block_label_text_color_dark="*neutral_300",
            block_title_text_color="*neutral_900",
            block_title_text_color_dark="*neutral_100",
            block_title_text_weight="600",
            input_background_fill="white",
            input_background_fill_dark="*neutral_950",
            input_border_color="*neutral_500",
            input_border_color_dark="*neutral_500",
            input_border_color_focus="*primary_600",
            input_border_color_focus_dark="*primary_400",
            input_border_width="1px",
            input_placeholder_color="*neutral_600",
            input_placeholder_color_dark="*neutral_400",
            input_shadow="none",
            input_shadow_focus="none",
            checkbox_border_color="*neutral_500",
            checkbox_border_color_dark="*neutral_500",
            checkbox_background_color_selected="*primary_600",
            checkbox_background_color_selected_dark="*primary_600",
            checkbox_label_background_fill_selected="*primary_50",
            checkbox_label_background_fill_selected_dark="*primary_950",
            checkbox_label_text_color_selected="*neutral_900",
            checkbox_label_text_color_selected_dark="*neutral_100",
            slider_color="*primary_600",
            button_border_width="1px",
            button_transition="none",
            button_primary_background_fill="*primary_600",
            button_primary_background_fill_dark="*primary_600",
            button_primary_background_fill_hover="*primary_700",
            button_primary_background_fill_hover_dark="*primary_700",
            button_primary_border_color="*primary_600",
            button_primary_border_color_dark="*primary_600",
            button_primary_text_color="white",
            button_primary_text_color_dark="white",
            button_primary_shadow="none",
            button_secondary_background_fill="white",
            button_secondary_background_fill_dark="*neutral_900",
            button_secondary_background_fill_hover="*neutral_100",
            button_secondary_background_fill_hover_dark="*neutral_800",
            button_secondary_border_color="*neutral_400",
            button_secondary_border_color_dark="*neutral_600",
            button_secondary_text_color="*neutral_900",
            button_secondary_text_color_dark="*neutral_100",
            button_secondary_shadow="none",
            button_cancel_background_fill="white",
            button_cancel_background_fill_dark="*neutral_900",
            button_cancel_background_fill_hover="#fdecea",
            button_cancel_background_fill_hover_dark="#3a1714",
            button_cancel_border_color="#b3261e",
            button_cancel_border_color_dark="#f2b8b5",
            button_cancel_text_color="#a11a12",
            button_cancel_text_color_dark="#f2b8b5",
            button_cancel_text_color_hover="#a11a12",
            button_cancel_text_color_hover_dark="#f2b8b5",
            error_text_color="#a11a12",
            error_text_color_dark="#f2b8b5",
            table_even_background_fill="white",
            table_even_background_fill_dark="*neutral_900",
            table_odd_background_fill="*neutral_50",
            table_odd_background_fill_dark="*neutral_900",
        )


def stylesheet() -> Path:
    """The app's stylesheet."""
    return asset("style/localft.css")


def icon() -> Path:
    """The icon of the browser tab."""
    return asset("style/localft.png")


def head() -> str:
    """What goes into the page's head: the app's small script."""
    return f"<script>{asset('style/localft.js').read_text(encoding='utf-8')}</script>"
