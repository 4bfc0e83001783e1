"""The sentences of the reason codes, one block of five lines each.

The lines of a block: code and severity, Chinese, English, hint in Chinese, hint in English.
"""
