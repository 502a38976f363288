"""Makes test/fixtures/chat/cases.json: chat templates in the manner of published model families, written for these tests, and
what Transformers' apply_chat_template makes of messages with them. Run in the environment of `node tools/python-env.mjs`:

    python tools/chat_fixtures.py test/fixtures/chat/cases.json
"""

import json
import sys

from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

CHATML = """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are an assistant.<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}"""

# Tools, filters with arguments, a namespace, the last of several turns by a reversed slice.
QWEN = """{%- if tools %}
    {{- '<|im_start|>system\\n# Tools\\n' }}
    {%- for tool in tools %}
        {{- tool | tojson }}
    {%- endfor %}
{%- else %}
    {%- if messages[0].role == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- set ns = namespace(multi_step=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step and message.role == "user" and message.content is string and not(message.content.startswith('<r>') and message.content.endswith('</r>')) %}
        {%- set ns.multi_step = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set content = message.content %}
        {%- if '</think>' in content and loop.index0 <= ns.last %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
"""  # noqa: E501

LLAMA3 = """{{- bos_token }}
{%- if not date_string is defined %}
    {%- set date_string = "1 Jan 2025" %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{#- The system message has a place of its own. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: shell\\n" }}
{%- endif %}
{{- "Today is " + date_string + ".\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""

MISTRAL = """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
        {{- raise_exception("user and assistant have to take turns") }}
    {%- endif %}
    {%- set ns.index = ns.index + 1 %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- else %}
        {{- raise_exception("only user and assistant are known, found " + message["role"]) }}
    {%- endif %}
{%- endfor %}
"""

# White space around tags counts here: trim_blocks and lstrip_blocks.
DEEPSEEK_CODER = """{% if not add_generation_prompt is defined %}
{% set add_generation_prompt = false %}
{% endif %}
{%- set ns = namespace(found=false) -%}
{%- for message in messages -%}
    {%- if message['role'] == 'system' -%}
        {%- set ns.found = true -%}
    {%- endif -%}
{%- endfor -%}
{{bos_token}}{%- if not ns.found -%}
{{'You answer questions on programs.\\n'}}
{%- endif %}
{%- for message in messages %}
    {%- if message['role'] == 'system' %}
{{ message['content'] }}
    {%- else %}
        {%- if message['role'] == 'user' %}
{{'### Instruction:\\n' + message['content'] + '\\n'}}
        {%- else %}
{{'### Response:\\n' + message['content'] + '\\n<|EOT|>\\n'}}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{% if add_generation_prompt %}
{{'### Response:'}}
{% endif %}"""

# What Python's strip and trim take away, with and without characters of one's own: templates that keep thoughts apart use them.
STRIPS = """{%- for message in messages %}
    {%- set parts = message.content.split('</think>') %}
    {{- '[' + message.role + '|' + parts[-1].lstrip('\\n') + '|' + parts[0].rstrip('\\n').split('<think>')[-1].strip('\\n ') + '|' }}
    {{- message.content.strip() + '|' + message.content.lstrip() + '|' + message.content.rstrip() + '|' }}
    {{- (message.content | trim) + '|' + message.content.strip('int ;') + ']' }}
    {%- if not loop.last %}{{ '\\n' }}{% endif %}
{%- endfor %}
"""  # noqa: E501

# The ends of lines of another system in the template itself.
CARRIAGE_RETURNS = (
    "{% for message in messages %}\r\n  {% if true %}\r\n"
    "<{{ message.role }}>\r\n{{ message.content }}\r</>\r\n  {% endif %}\r\n{% endfor %}\r\n"
)

# What is equal in Python: not an empty text and false, not none and what is not defined; messages by what they hold.
EQUALS = """{%- for message in messages %}
    {{- message.role }}:{{ 'empty' if message.content == '' else 'text' }}
    {%- if message.content != false %} not false{% endif %}
    {%- if message.nothing == none %} none{% endif %}
    {%- if message.nothing != none %} not none{% endif %}
    {%- if tools == none %} no tools{% endif %}
    {%- if message == messages[0] %} as the first{% endif %}
    {%- if loop.first == 1 %} one{% endif %}
    {%- if [message.role] == ['user'] %} user{% endif %}
{% endfor %}"""

TEMPLATES = {
    "equals": (EQUALS, {}),
    "strips": (STRIPS, {}),
    "carriage returns": (CARRIAGE_RETURNS, {}),
    "smollm2": (CHATML, {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"}),
    "qwen": (QWEN, {"eos_token": "<|im_end|>"}),
    "llama-3": (LLAMA3, {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"}),
    "mistral": (MISTRAL, {"bos_token": "<s>", "eos_token": "</s>"}),
    "deepseek-coder": (DEEPSEEK_CODER, {"bos_token": "<|begin|>", "eos_token": "<|EOT|>"}),
}

SYSTEM = {"role": "system", "content": "You review code.  "}
USER = {
    "role": "user",
    "content": 'Is this "vulnerable"?\n\n\tint f(char *s) { return system(s); } // {{ no }} {% tag %} é漢\n',
}
ASSISTANT = {"role": "assistant", "content": "<think>\nlong\n</think>\n\nYes: s is not checked. "}
ODD = {
    "role": "user",
    "content": "\ufeff\u001c\u0085 \u00a0\u2028\u3000\r\n\nint a;\U0001f642\n\r\u2029\u202f\u001f\u001d\u001e\u0085\ufeff",
}
CHATS = [
    [USER],
    [SYSTEM, USER],
    [USER, ASSISTANT, USER],
    [SYSTEM, USER, ASSISTANT, USER, ASSISTANT],
    [USER, USER],
    [ODD, ASSISTANT, {"role": "user", "content": ""}],
    [{"role": "user", "content": " \n\u001c\u0085"}],
    [USER, {"role": "assistant", "content": " yes "}],
]


def main(path):
    cases = []
    for name, (template, special) in TEMPLATES.items():
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), **special)
        texts = []
        for chat in CHATS:
            for prompt in (True, False):
                try:
                    text = tokenizer.apply_chat_template(
                        chat, chat_template=template, tokenize=False, add_generation_prompt=prompt
                    )
                except Exception:  # A template refuses messages by an exception of its own.
                    text = None
                texts.append(text)
        cases.append({"name": name, "template": template, "specialTokens": special, "texts": texts})
    with open(path, "w", encoding="utf-8") as out:
        json.dump({"chats": CHATS, "cases": cases}, out, ensure_ascii=False, indent=1)
        out.write("\n")


main(sys.argv[1])
