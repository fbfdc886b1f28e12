"""Which records speak of the same company or person. Pure functions over records: no store, no clock, no network.

normal_forms   a company's name without what two writers of it may do differently
name_index     the likely namesakes among many, by rare tokens (blocking and top-k search)
companies      pairs of companies: evidence, probability, reasons
people         pairs of people: the same
fellegi_sunter match weights learned from unlabelled pairs (Fellegi and Sunter 1969), by EM
evidence       the levels and the term frequencies that those weights are of
clusters       from pairs to entities without chaining
"""
