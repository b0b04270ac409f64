"""The known words that answers copy from prompts: names, cells, columns, fields."""
from . import extract, tables, words


def words_copied():
    lists = [words.FIRST, words.ANIMALS, words.THINGS, words.MASS, words.ADJ, words.GOODS,
             words.GOOD, words.PLACES, words.CITY, words.DAYS, words.MONTHS, words.COLOURS,
             words.JOBS, words.HOBBIES, words.TEAM, list(extract.FIELDS)]
    for name, key, _, columns in tables.THEMES:
        lists.append([name, key] + columns)
    return {w for names in lists for w in names}
