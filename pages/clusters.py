"""Page: clusters."""

import streamlit as st

from pages.components.frame import require_study

st.title("Clusters")
study = require_study()
st.write(study.name)
