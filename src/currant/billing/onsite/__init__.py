"""What stations know of prices: tariffs they reckon with, costs they show, codes by which somebody pays."""
