"""Page: transparency."""

import streamlit as st

from pages.components.frame import require_study

st.title("Transparency")
study = require_study()
st.write(study.name)
