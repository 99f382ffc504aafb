"""Page: review."""

import streamlit as st

from pages.components.frame import require_study

st.title("Review")
study = require_study()
st.write(study.name)
