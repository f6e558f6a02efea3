weekend = Ar benwythnosau mae eich allwedd yn agor popeth; hebddi, byddwch yn gweld yr hyn y mae eich ysgol yn ei ganiatáu gyda chyfrinair.
