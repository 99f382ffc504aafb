"""Page: evaluation."""

import streamlit as st

from pages.components.frame import require_study

st.title("Evaluation")
study = require_study()
st.write(study.name)
