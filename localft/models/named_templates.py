"""Chat templates for base models that have none, written for localft."""

CHATML = "chatml"
PLAIN = "plain"

# Each is put behind the tokenizer's begin-of-text token, where the tokenizer would add one by itself.
NAMED_TEMPLATES: dict[str, str] = {
    CHATML: (
        "{%- for message in messages %}"
        "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
        "{%- endfor %}"
        "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
    ),
    PLAIN: (
        "{%- for message in messages %}"
        "{%- if message['role'] == 'assistant' %}{{- 'Assistant:\\n' + message['content'] + eos_token + '\\n\\n' }}"
        "{%- elif message['role'] == 'system' %}{{- message['content'] + '\\n\\n' }}"
        "{%- else %}{{- message['role'] | capitalize + ':\\n' + message['content'] + '\\n\\n' }}{%- endif %}"
        "{%- endfor %}"
        "{%- if add_generation_prompt %}{{- 'Assistant:\\n' }}{%- endif %}"
    ),
    "alpaca": (
        "{%- for message in messages %}"
        "{%- if message['role'] == 'assistant' %}{{- '### Response:\\n' + message['content'] + eos_token + '\\n\\n' }}"
        "{%- elif message['role'] == 'system' %}{{- message['content'] + '\\n\\n' }}"
        "{%- else %}{{- '### Instruction:\\n' + message['content'] + '\\n\\n' }}{%- endif %}"
        "{%- endfor %}"
        "{%- if add_generation_prompt %}{{- '### Response:\\n' }}{%- endif %}"
    ),
}

# What a person reads beside the choice.
TEMPLATE_NOTES: dict[str, str] = {
    CHATML: "The format of Qwen and many others; for base models whose tokenizer has <|im_start|> and <|im_end|>.",
    PLAIN: "User: and Assistant: on lines of their own; works with every tokenizer.",
    "alpaca": "### Instruction and ### Response; works with every tokenizer.",
}
