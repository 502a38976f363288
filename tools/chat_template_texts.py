"""What Transformers' apply_chat_template makes of chats, for tools/compare-chat-templates.mjs: a line of JSON in, one out.

In: {"templates": [source], "specialTokens": {name: text}, "chats": [{"messages": [...], "addGenerationPrompt": bool}]}.
Out: for each template a list with, for each chat, {"text": ...} or, where the template or Jinja raises, {"error": ...}.
"""

import json
import sys

from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast


def rendered(tokenizer, template, chat):
    try:
        text = tokenizer.apply_chat_template(
            chat["messages"],
            chat_template=template,
            tokenize=False,
            add_generation_prompt=chat["addGenerationPrompt"],
        )
        return {"text": text}
    except Exception as error:  # Templates refuse messages by exceptions of Jinja, which have no common class with its own.
        return {"error": f"{type(error).__name__}: {error}"[:300]}


def main():
    given = json.loads(sys.stdin.readline())
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), **given["specialTokens"])
    answers = [[rendered(tokenizer, template, chat) for chat in given["chats"]] for template in given["templates"]]
    # Escaped, so that no character of a chat is a line's end.
    print(json.dumps(answers))


main()
