"""What pages and reports show: numbers and pictures made from what the stages recorded. Nothing is recorded here."""
