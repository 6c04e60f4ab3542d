"""What an event of a settlement rests on: in words, as a chart, and as the data of the chart."""
