"""Page: masks."""

import streamlit as st

from pages.components.frame import require_study

st.title("Masks")
study = require_study()
st.write(study.name)
