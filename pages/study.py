"""Page: study."""

import streamlit as st

from pages.components.frame import require_study

st.title("Study")
study = require_study()
st.write(study.name)
