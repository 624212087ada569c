"""Whether another wording of a scene says what its scene graph says: all of it, and nothing else.

    words       what each element of a scene may be called
    reading     a text -> what it names, and what it says of what
    check       what is wrong with a text

Others take `check_text`. There is no model here: English is read by rules, and what they cannot read is refused.
"""
