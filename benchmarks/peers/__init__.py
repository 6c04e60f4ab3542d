"""Other methods and rules on the series we are judged on, at their own defaults and tuned."""
