"""Page: training."""

import streamlit as st

from pages.components.frame import require_study

st.title("Training")
study = require_study()
st.write(study.name)
