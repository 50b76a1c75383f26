"""REST under `/api/v1`: one router per business noun, problems in words, changes as they happen."""
